import { revision } from '../../../src/revision.ts';
import { beginsHistory } from '../../../src/snapshot/history/history-marker.ts';
import { newSnapshot, relativeKey } from '../../../src/snapshot/name.ts';
import { DAY, type Happening } from './happenings.ts';
import type { LifeState } from './life-state.ts';
import { startSnapshotter } from './new-history.ts';
import { takeFull } from './snapshotter.ts';

/** The snapshotter is started on a store that was put back itself. Where clocks or doubts confuse it, nothing is put back. */
export function bringBackStore(life: LifeState, from: 'copy' | 'version'): void {
  const { objects, acknowledged } = from === 'copy' ? life.copy : (life.version ?? {});
  const isPlain = !(life.wasPutBackUnseen || life.namedBehind || life.listing.some(({ ahead }) => ahead !== undefined));
  if (objects === undefined || acknowledged === undefined || !isPlain) {
    return;
  }
  life.objects = objects.copy();
  life.acknowledged = acknowledged;
  life.known = acknowledged.length + 1;
  life.written.clear();
  life.leftLines = [];
  life.collection = undefined;
  life.begunCopy = undefined;
  life.compaction = undefined;
  if (life.program === 'Go') {
    takeFull(life);
    return;
  }
  life.isDown = true;
  life.isPending = acknowledged.some((change, at) => life.cluster[at] !== change);
  startSnapshotter(life);
}

/** A lifecycle rule knows ages alone. */
export function expireObjects(life: LifeState, objects: number): void {
  const { living } = life.histories;
  const base = living.snapshots.findLast(
    (each) => each.kind === 'Full' && !life.isForged(each) && each.ahead === undefined,
  );
  const isPlain = !(life.wasPutBackUnseen || life.namedBehind || life.listing.some(({ ahead }) => ahead !== undefined));
  if (base === undefined || !isPlain) {
    return;
  }
  // What a compaction made may be stored after deltas that continue it: what the newest state needs is younger than such a rule deletes.
  const needed = living.snapshots.filter((each) => !life.isForged(each) && each.lastRevision > base.lastRevision);
  const kept = new Set([base, ...needed].map(({ name }) => name));
  const at = life.objects.snapshots.findIndex(({ name }) => kept.has(name));
  const gone = life.objects.snapshots.slice(0, Math.min(objects, at));
  const since = gone.at(-1)?.createdOn ?? 0;
  life.objects.snapshots = life.objects.snapshots.slice(gone.length);
  const { saved } = life.objects;
  life.expired.push(...saved.filter(({ begunOn }) => begunOn <= since).filter(beginsHistory));
  life.objects.saved = saved.filter(({ begunOn }) => begunOn > since);
  life.leftLines = [];
  // Such a rule takes days, and no compaction does.
  life.compaction = undefined;
  life.doubts = life.doubts.map((doubt) => ({ ...doubt, names: [] }));
}

/** Somebody deletes one object, whatever it is for. */
export function deleteByHand(
  life: LifeState,
  { at, of }: Extract<Happening, { readonly what: 'delete by hand' }>,
): void {
  if (of === 'markers') {
    const { saved } = life.objects;
    life.goneByHand.markers.push(...saved.filter((_, index) => index === at % saved.length));
    life.objects.saved = saved.filter((_, index) => index !== at % saved.length);
    return;
  }
  const { snapshots } = life.objects;
  life.goneByHand.snapshots.push(...snapshots.filter((_, index) => index === at % snapshots.length));
  life.objects.snapshots = snapshots.filter((_, index) => index !== at % snapshots.length);
}

/** Somebody stores what no program has written, unless a program has written that name. */
export function forgeObject(
  life: LifeState,
  { kind, lastRevision, ahead, size }: Extract<Happening, { readonly what: 'forge' }>,
): void {
  // Of one that is plausible in all, once its time has come, garbage collection cannot know: verify tells.
  const plausible = ahead < 1_000 * DAY && size > 1_000;
  const createdOn = life.now + ahead;
  const startRevision = revision(kind === 'Full' ? 0 : Math.max(2, lastRevision - 3));
  const parts = { kind, startRevision, lastRevision: revision(Math.max(startRevision, lastRevision)), createdOn };
  const snapshot = newSnapshot({ ...parts, isFinal: false, compression: 'none' });
  if (!life.contents.has(snapshot.name)) {
    life.objects.put({ ...snapshot, key: relativeKey(snapshot), size: plausible ? 20 : size });
  }
}
