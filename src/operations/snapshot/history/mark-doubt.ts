import { clusterIdText } from '../../../etcd/cluster-history.ts';
import { type Revision, revision } from '../../../revision.ts';
import { countText } from '../../../runtime/log/amount.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { historiesOf } from '../../../snapshot/history/histories.ts';
import { type DoubtMarker, freeTime, markerName } from '../../../snapshot/history/history-marker.ts';
import { type UnprovenContinuation, unprovenIn } from '../../../snapshot/history/unproven-continuation.ts';
import { type ToMark, whatToMark } from '../../../snapshot/history/what-to-mark.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../../snapstore/snapstore.ts';
import { removeMarkers } from '../../prune/outdated-markers.ts';

/** What a run stores. */
export type RunContents = 'deltas' | 'fulls';

/** A full that is about to be stored, and where. */
export interface DoubtfulFull {
  readonly store: SnapStore;
  readonly clusterId: bigint;
  readonly contents: RunContents;
}

/**
 * Leaves a marker in the store that says of what nothing proved that a full continues it, so that this is known to later runs and to `prune`.
 * Where the store holds nothing that would be in doubt, or from which anything could go on, or says so already, none is left. Where fulls
 * alone are taken, one marker is enough, which takes the place of those before: as they end with each full, there would be one for each.
 * Throws a StoreError.
 */
export async function markDoubt(
  { store, clusterId, contents }: DoubtfulFull,
  doubt: UnprovenContinuation,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  if (store.histories === undefined) {
    return;
  }
  const listing = await store.list({ signal });
  const { living } = historiesOf(listing.snapshots, listing.markers);
  const toMark = whatToMark(living.snapshots, doubt, { known: unprovenIn(listing.markers) });
  if (toMark === undefined) {
    return;
  }
  const covered = contents === 'fulls' ? coveredBy(doubt, listing) : [];
  const after = covered.reduce((least: Revision, { shared }) => revision(Math.min(least, shared)), doubt.after);
  const others = listing.markers.filter((each) => !covered.some(({ name }) => name === each.name));
  const numbers = { begunOn: freeTime({ begunOn: doubt.takenOn, shared: after }, others), shared: after };
  const marker: DoubtMarker = {
    name: markerName(numbers),
    ...numbers,
    why: 'continuation_unproven',
    upTo: doubt.upTo,
    first: toMark.first.name,
    clusterId: clusterIdText(clusterId),
    left: [],
  };
  await store.histories.save(marker, { signal });
  // In a store of fulls alone nothing is wrong with that, and nothing is to be done.
  const level = toMark.inDoubt.length === 0 && contents === 'fulls' ? 'info' : 'warn';
  log[level](
    {
      marker: marker.name,
      after: doubt.after,
      first: toMark.inDoubt.slice(0, 5).map(({ name }) => name),
      count: toMark.inDoubt.length,
    },
    `Nothing proves that the cluster continues what is stored after revision ${doubt.after}: a compaction has removed what could. ` +
      `${consequence(toMark)}; ${marker.name} says so`,
  );
  await removeMarkers(
    covered.filter(({ name }) => name !== marker.name),
    { store, why: `${marker.name} says the same and more` },
    { signal, log },
  );
}

/** The markers that one of this doubt can stand in for: where no delta is stored, more of what is stored may be in doubt than need be. */
function coveredBy(doubt: UnprovenContinuation, { snapshots, markers }: StoreListing): readonly DoubtMarker[] {
  return snapshots.some(({ kind }) => kind === 'Incr')
    ? []
    : markers.filter(
        (marker): marker is DoubtMarker => marker.why === 'continuation_unproven' && marker.upTo <= doubt.upTo,
      );
}

function consequence({ inDoubt, first }: ToMark<StoredSnapshot>): string {
  return inDoubt.length === 0
    ? `What another writer stores from now on is not restored upon ${first.name}`
    : `${countText(inDoubt.length, 'delta')} may be of another history, and will be kept as long as one that was left`;
}
