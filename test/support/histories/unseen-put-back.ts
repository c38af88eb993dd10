import { revision } from '../../../src/revision.ts';
import { historiesOf } from '../../../src/snapshot/history/histories.ts';
import { freeTime, markerName } from '../../../src/snapshot/history/history-marker.ts';
import { mayBeLeft, unprovenIn } from '../../../src/snapshot/history/unproven-continuation.ts';
import { whatToMark } from '../../../src/snapshot/history/what-to-mark.ts';
import type { Happening } from './happenings.ts';
import { LEFT_SECONDS, type LifeState } from './life-state.ts';
import { noteStoredOrder, takeFull } from './snapshotter.ts';

/** Ours says what is in doubt then, and begins no history. */
export function putBackUnseen(
  life: LifeState,
  { by, beyond }: Extract<Happening, { readonly what: 'put back unseen' }>,
): void {
  // With names ahead of the clock, contents alone tell which side is believed, and they are different.
  if (life.isPending || life.listing.some(({ ahead }) => ahead !== undefined)) {
    return;
  }
  life.objects.settle();
  life.isDown = false;
  life.lines.push(life.cluster);
  const kept = life.cluster.slice(0, Math.max(1, life.cluster.length - by));
  const end = life.cluster.length + beyond;
  life.cluster = [...kept];
  life.write(end - kept.length);
  life.written.clear();
  const before = historiesOf(life.objects.snapshots, life.markers).living.snapshots;
  const full = takeFull(life);
  const shared = revision(1);
  const doubt = { after: shared, upTo: full.lastRevision };
  const inDoubt = before.filter((each) => mayBeLeft(each, doubt) && !life.isForged(each));
  const [first] = inDoubt;
  const past = first === undefined ? [] : before.slice(0, before.indexOf(first));
  const base = past.findLast(({ kind }) => kind === 'Full');
  const needed = base === undefined || life.isForged(base) ? inDoubt : [base, ...inDoubt];
  life.doubts.push({ until: full.createdOn + LEFT_SECONDS, names: needed.map(({ name }) => name) });
  const known = unprovenIn(life.markers);
  const marked = whatToMark(before, { ...doubt, takenOn: full.createdOn }, { known });
  if (life.program === 'ours' && marked !== undefined) {
    const numbers = { begunOn: freeTime({ begunOn: full.createdOn, shared }, life.markers), shared };
    const facts = {
      why: 'continuation_unproven',
      upTo: full.lastRevision,
      first: marked.first.name,
      left: [],
    } as const;
    life.objects.save({ name: markerName(numbers), ...numbers, ...facts, clusterId: '1' });
  }
  noteStoredOrder(life, full);
}
