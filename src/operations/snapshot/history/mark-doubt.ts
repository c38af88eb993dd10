import { clusterIdText } from '../../../etcd/cluster-history.ts';
import { countText } from '../../../runtime/log/amount.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { historiesOf } from '../../../snapshot/history/histories.ts';
import { type DoubtMarker, markerName } from '../../../snapshot/history/history-marker.ts';
import { type UnprovenContinuation, unprovenIn } from '../../../snapshot/history/unproven-continuation.ts';
import { type RunContents, whatToMark } from '../../../snapshot/history/what-to-mark.ts';
import type { SnapStore } from '../../../snapstore/snapstore.ts';

/**
 * Leaves a marker in the store that says of what nothing proved that a full continues it, so that this is known to later runs and to `prune`.
 * Where the store holds nothing that would be in doubt, or from which anything could go on, or says so already, none is left. Throws a StoreError.
 */
export async function markDoubt(
  {
    store,
    clusterId,
    contents,
  }: { readonly store: SnapStore; readonly clusterId: bigint; readonly contents: RunContents },
  doubt: UnprovenContinuation,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  if (store.histories === undefined) {
    return;
  }
  const { snapshots, markers } = await store.list({ signal });
  const { living } = historiesOf(snapshots, markers);
  const toMark = whatToMark(living.snapshots, doubt, { known: unprovenIn(markers), contents });
  if (toMark === undefined) {
    return;
  }
  const { first, inDoubt } = toMark;
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
      `${
        inDoubt.length === 0
          ? `What another writer stores from now on is not restored upon ${first.name}`
          : `${countText(inDoubt.length, 'delta')} may be of another history, and will be kept as long as one that was left`
      }; ${marker.name} says so`,
  );
}
