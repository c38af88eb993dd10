import type { RunContext } from '../../../runtime/run-context.ts';
import type { StoreListing } from '../../../snapstore/snapstore.ts';
import { StoreError } from '../../../snapstore/store-error.ts';

/**
 * What `list` gives. Undefined, with a warning, when listing is not allowed: an account that may only write can still back up, but nothing
 * can be compared. Throws every other failure.
 */
export async function listToCompare(
  list: () => Promise<StoreListing>,
  { log }: Pick<RunContext, 'log'>,
): Promise<StoreListing | undefined> {
  try {
    return await list();
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === 'denied')) {
      throw error;
    }
    log.warn({ error }, `The cluster cannot be compared with what is stored: ${error.message}`);
    return undefined;
  }
}
