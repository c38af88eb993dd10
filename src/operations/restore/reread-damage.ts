import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { decompress } from '../../snapshot/compression.ts';
import { SnapshotDamage } from '../../snapshot/damage.ts';
import { checkTrailingHash } from '../../snapshot/trailing-hash.ts';
import { retryTransient, transferRetries } from '../../snapstore/retry-transient.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { transferReport } from '../../snapstore/transfer-report.ts';

/**
 * Runs `rebuild`, and once more when it ended with a damaged delta that is sound when it is read again: then its bytes were altered
 * on their way. Fulls are read again where they are written. `rebuild` has to begin anew.
 */
export async function rereadDamage<T>(
  source: { readonly store: SnapStore; readonly deltas: readonly StoredSnapshot[] },
  context: RunContext,
  rebuild: () => Promise<T>,
): Promise<T> {
  try {
    return await rebuild();
  } catch (error) {
    const delta =
      error instanceof Failure && error.cause instanceof SnapshotDamage
        ? source.deltas.find(({ name }) => name === error.object)
        : undefined;
    if (delta === undefined || !(await isSound(source.store, delta, context))) {
      throw error;
    }
    context.log.warn(
      { snapshot: delta.name, error },
      `${delta.name} has the right hash when it is read again, beginning anew`,
    );
    return await rebuild();
  }
}

/** Whether an object can be read to its end and its hash is right. Throws what the store throws. */
export async function isSound(store: SnapStore, delta: StoredSnapshot, context: RunContext): Promise<boolean> {
  const { signal, clock, log } = context;
  const read = async (): Promise<void> => {
    await checkTrailingHash(decompress(await store.fetch(delta, { signal }), delta.compression), context);
  };
  try {
    const onRetry = transferReport({ log, name: delta.name }, 'Fetching');
    await retryTransient(read, { clock, signal, policy: transferRetries, onRetry });
    return true;
  } catch (error) {
    if (error instanceof SnapshotDamage) {
      return false;
    }
    throw error;
  }
}
