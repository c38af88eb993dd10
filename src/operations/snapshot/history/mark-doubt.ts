import { clusterIdText } from '../../../etcd/cluster-history.ts';
import { countText } from '../../../runtime/log/amount.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { restorable } from '../../../snapshot/chain.ts';
import { historiesOf } from '../../../snapshot/history/histories.ts';
import { type DoubtMarker, markerName } from '../../../snapshot/history/history-marker.ts';
import { mayBeLeft, type UnprovenContinuation, unprovenIn } from '../../../snapshot/history/unproven-continuation.ts';
import type { SnapStore } from '../../../snapstore/snapstore.ts';

/**
 * Leaves a marker in the store that says of what nothing proved that a full continues it, so that this is known to later runs and to `prune`.
 * Where the store holds nothing that would be in doubt, or says so already, none is left. Throws a StoreError.
 */
export async function markDoubt(
  { store, clusterId }: { readonly store: SnapStore; readonly clusterId: bigint },
  doubt: UnprovenContinuation,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  if (store.histories === undefined) {
    return;
  }
  const { snapshots, markers } = await store.list({ signal });
  const known = unprovenIn(markers);
  const inDoubt = restorable(historiesOf(snapshots, markers).living.snapshots).filter(
    (each) => mayBeLeft(each, doubt) && !known.some((earlier) => mayBeLeft(each, earlier)),
  );
  const [first] = inDoubt;
  if (first === undefined) {
    return;
  }
  const { after, upTo, takenOn } = doubt;
  const numbers = { begunOn: takenOn, shared: after };
  const marker: DoubtMarker = {
    name: markerName(numbers),
    ...numbers,
    why: 'continuation_unproven',
    upTo,
    first: first.name,
    clusterId: clusterIdText(clusterId),
    left: [],
  };
  await store.histories.save(marker, { signal });
  log.warn(
    { marker: marker.name, after, first: inDoubt.slice(0, 5).map(({ name }) => name), count: inDoubt.length },
    `Nothing proves that the cluster continues what is stored after revision ${after}: a compaction has removed what could. ` +
      `${countText(inDoubt.length, 'delta')} may be of another history, and will be kept as long as one that was left; ${marker.name} says so`,
  );
}
