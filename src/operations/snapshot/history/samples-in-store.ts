import { fetchWhole } from '../../../objects/fetch.ts';
import { type Revision, revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { newestChain, restorable } from '../../../snapshot/chain.ts';
import { decompress } from '../../../snapshot/compression.ts';
import { type EventSample, sampleOf } from '../../../snapshot/history/event-sample.ts';
import { possibleForks } from '../../../snapshot/history/suspected-forks.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import { eachEvent } from '../../history/revision-digests.ts';
import { readable } from './readable.ts';
import { eventOf } from './snapshot-proof.ts';

/** Larger deltas are not read for samples, bytes as stored. */
const LARGEST_SAMPLED = 4 * 1024 * 1024;
/** A chain with fewer deltas than that says little: those before it are looked at, too. */
const FEW = 3;
const MOST_BEFORE = 10;

/**
 * Some writes from the deltas of a history, `snapshots`: the first of the oldest, of a middle one and of the newest, and one from the middle of
 * that. At most three small objects are read; what cannot be read is left out, with a warning.
 */
export async function samplesInStore(
  { store, snapshots }: { readonly store: SnapStore; readonly snapshots: readonly StoredSnapshot[] },
  context: RunContext,
): Promise<readonly EventSample[]> {
  const deltas = deltasToSample(snapshots);
  const newest = deltas.at(-1);
  const others = [deltas.at(0), deltas.at(Math.floor(deltas.length / 2))].filter((each) => each !== newest);
  const wanted = new Map<StoredSnapshot, readonly Revision[]>();
  for (const delta of [...others, newest]) {
    if (delta !== undefined) {
      const { startRevision, lastRevision } = delta;
      const middle = revision(Math.ceil((startRevision + lastRevision) / 2));
      wanted.set(delta, delta === newest && wanted.size < 2 ? [startRevision, middle] : [startRevision]);
    }
  }
  const samples = new Map<number, EventSample>();
  for (const [delta, from] of wanted) {
    for (const sample of (await readable(context, delta, () => samplesIn({ store, delta, from }, context))) ?? []) {
      samples.set(sample.revision, sample);
    }
  }
  return [...samples.values()];
}

/** Deltas of the newest chain, and where these are few, of what comes before it, unless ages say that it may be another history's. */
function deltasToSample(snapshots: readonly StoredSnapshot[]): readonly StoredSnapshot[] {
  const isSampled = ({ kind, size, ahead }: StoredSnapshot): boolean =>
    kind === 'Incr' && size <= LARGEST_SAMPLED && ahead === undefined;
  const plan = newestChain(snapshots);
  const ofChain = plan.outcome === 'empty' ? [] : plan.deltas.filter(isSampled);
  const base = plan.outcome === 'empty' ? undefined : plan.base;
  if (ofChain.length >= FEW || base === undefined || possibleForks(snapshots).length > 0) {
    return ofChain;
  }
  const whole = restorable(snapshots);
  const before = whole
    .slice(0, whole.indexOf(base))
    .filter((each) => isSampled(each) && each.lastRevision <= base.lastRevision);
  return [...before.slice(-MOST_BEFORE), ...ofChain];
}

/** For each of `from` the first write from there on that a delta holds. Throws SnapshotDamage and StoreError. */
async function samplesIn(
  {
    store,
    delta,
    from,
  }: { readonly store: SnapStore; readonly delta: StoredSnapshot; readonly from: readonly Revision[] },
  context: RunContext,
): Promise<readonly EventSample[]> {
  return await fetchWhole(store, delta, context, async (body) => {
    const samples: EventSample[] = [];
    const left = [...from];
    await eachEvent(decompress(body, delta.compression), context, (row) => {
      const [next] = left;
      if (next === undefined || row.modRevision < next || row.isDelete) {
        return;
      }
      const event = eventOf(row);
      const sample = event.type === 'put' ? sampleOf(event) : undefined;
      if (sample !== undefined) {
        samples.push(sample);
        left.shift();
      }
    });
    return samples;
  });
}
