import { nextRevision, type Revision } from '../../../revision.ts';
import { Failure } from '../../../runtime/failure.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { deltaIndex } from '../../../snapshot/key-index/delta-index.ts';
import { indexFraming } from '../../../snapshot/key-index/index-framing.ts';
import { newSnapshot } from '../../../snapshot/name.ts';
import { type Packing, pack, packedSizeBound, packingInName } from '../../../snapshot/packing.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { WaitingDelta } from './segment.ts';

/** One delta to store. */
export interface DeltaSnapshotRequest extends Packing {
  readonly store: SnapStore;
  readonly segment: WaitingDelta;
  /** Everything up to here is in the store; the segment has to continue it. */
  readonly covered: Revision;
  /** Seconds since the epoch. */
  readonly createdOn: number;
}

/** Compresses and stores a delta. Throws a Failure `delta_gap` before anything is written when a revision would be missing. */
export async function saveDeltaSnapshot(
  { store, segment, covered, createdOn, ...packing }: DeltaSnapshotRequest,
  { signal, clock, log }: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<StoredSnapshot> {
  const { firstRevision, lastRevision, size, count } = segment;
  if (firstRevision > nextRevision(covered)) {
    throw new Failure({
      code: 'delta_gap',
      action: 'save a delta snapshot in',
      object: store.location,
      found: `it begins at revision ${firstRevision}, but the backup ends at ${covered}`,
      remedy: 'start again with a full snapshot',
    });
  }
  const snapshot = newSnapshot({
    kind: 'Incr',
    startRevision: firstRevision,
    lastRevision,
    createdOn,
    ...packingInName(packing),
    isFinal: false,
  });
  const startedAt = clock.monotonic();
  const framing = indexFraming(packingInName(packing));
  const index = framing === undefined ? [] : [deltaIndex(segment, { contentSize: size, framing })];
  const body = (): AsyncIterable<Uint8Array> => pack(segment.read(), packing, { after: () => Promise.resolve(index) });
  const stored = await store.save(snapshot, body(), {
    signal,
    again: body,
    sizeBound: packedSizeBound(size, packing, { after: index[0]?.length ?? 0 }),
  });
  log.info(`Total time to save delta snapshot: ${((clock.monotonic() - startedAt) / 1000).toFixed(3)} seconds.`);
  log.info({ events: count, bytes: stored.size }, `Successfully saved delta snapshot at: ${stored.key}`);
  return stored;
}
