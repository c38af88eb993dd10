import type { RunContext } from '../runtime/run-context.ts';
import type { PieceReuse } from '../runtime/streams/piece-reuse.ts';
import { SnapshotDamage } from '../snapshot/damage.ts';
import { retryTransient, transferRetries } from '../snapstore/retry-transient.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { transferReport } from '../snapstore/transfer-report.ts';

/**
 * Reads a whole object and hands its stored bytes to `consume`, from the beginning again after a transient store error, and once
 * after a SnapshotDamage: the bytes may have been altered on their way. `consume` has to throw away what an earlier try gave it.
 * Its other errors end the fetch at once.
 */
export async function fetchWhole<T>(
  store: SnapStore,
  snapshot: StoredSnapshot,
  context: RunContext,
  consume: (body: AsyncIterable<Uint8Array>) => Promise<T>,
  { onReusedPiece }: PieceReuse = {},
): Promise<T> {
  const { signal, clock, log } = context;
  const attempt = async (): Promise<T> => {
    const body = await store.fetch(snapshot, { signal, onReusedPiece });
    try {
      return await consume(body);
    } finally {
      // A body that was not read is ended here.
      body.destroy();
    }
  };
  const onRetry = transferReport({ log, name: snapshot.name }, 'Fetching');
  const read = (): Promise<T> => retryTransient(attempt, { clock, signal, policy: transferRetries, onRetry });
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SnapshotDamage)) {
      throw error;
    }
    log.warn({ snapshot: snapshot.name, error: error.message }, `${snapshot.name} seems damaged, reading it once more`);
    return await read();
  }
}
