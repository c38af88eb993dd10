import { fetchWhole } from '../../objects/fetch.ts';
import { snapshotFailure } from '../../objects/snapshot-failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { decompress } from '../../snapshot/compression.ts';
import type { EventTime } from '../../snapshot/delta/event-time.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { eachEvent } from '../history/revision-digests.ts';

/**
 * When changes were seen, by their revisions, as far as deltas record it. Only deltas that hold one of the revisions are read.
 * Throws a Failure when one of them is damaged.
 */
export async function timesOf(
  revisions: ReadonlySet<number>,
  source: { readonly store: SnapStore; readonly snapshots: readonly StoredSnapshot[] },
  context: RunContext,
): Promise<ReadonlyMap<number, EventTime>> {
  const times = new Map<number, EventTime>();
  const all = [...revisions];
  for (const delta of source.snapshots) {
    const { kind, startRevision, lastRevision } = delta;
    if (kind !== 'Incr' || !all.some((each) => each >= startRevision && each <= lastRevision)) {
      continue;
    }
    try {
      await fetchWhole(source.store, delta, context, (body) =>
        eachEvent(decompress(body, delta.compression), context, ({ modRevision, seconds, nanos }) => {
          // A transaction counts by its first event.
          if (revisions.has(modRevision) && !times.has(modRevision)) {
            times.set(modRevision, { seconds, nanos });
          }
        }),
      );
    } catch (error) {
      throw snapshotFailure(error, delta.name);
    }
  }
  return times;
}
