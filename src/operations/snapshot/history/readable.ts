import { Damage } from '../../../datadir/damage.ts';
import { isErrno } from '../../../fs/errno.ts';
import { Failure } from '../../../runtime/failure.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { SnapshotDamage } from '../../../snapshot/damage.ts';
import type { StoredSnapshot } from '../../../snapstore/snapstore.ts';
import { StoreError } from '../../../snapstore/store-error.ts';

/** What `read` gives; undefined, with a warning, when the snapshot cannot be read for a comparison with the cluster. */
export async function readable<T>(
  { log, signal }: Pick<RunContext, 'log' | 'signal'>,
  { name }: Pick<StoredSnapshot, 'name'>,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    const isOfSnapshot =
      error instanceof SnapshotDamage ||
      error instanceof Damage ||
      error instanceof StoreError ||
      // An encrypted object that is not opened proves as little as a damaged one.
      (error instanceof Failure && error.code === 'no_identity') ||
      isErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG');
    if (isOfSnapshot) {
      log.warn({ snapshot: name, error }, `${name} cannot be compared with the cluster: ${error.message}`);
      return undefined;
    }
    throw error;
  }
}
