import { type Revision, revision } from '../../../src/revision.ts';
import { historiesOf } from '../../../src/snapshot/history/histories.ts';
import { freeTime, markerName } from '../../../src/snapshot/history/history-marker.ts';
import { markStoredOrder } from '../../../src/snapshot/history/mark-stored-order.ts';
import { isFollowed, timeToContinue } from '../../../src/snapshot/history/time-to-continue.ts';
import { newSnapshot, relativeKey } from '../../../src/snapshot/name.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { type Change, DAY, type Happening } from './happenings.ts';
import type { LifeState } from './life-state.ts';

/** The full is named now, or after a time that is given. */
export function takeFull(life: LifeState, createdOn = timeOfName(life)): StoredSnapshot {
  const last = revision(life.cluster.length + 1);
  return storeSnapshot(life, snapshotNamed('Full', { first: 0, last, createdOn }), [...life.cluster]);
}

/** Undefined where there is nothing to write, or the cluster was put back and no full of it is stored. */
export function takeDelta(
  life: LifeState,
  { writer, isForgotten = false }: Pick<Extract<Happening, { readonly what: 'delta' }>, 'writer' | 'isForgotten'>,
): StoredSnapshot | undefined {
  const last = revision(life.cluster.length + 1);
  const known = life.known;
  const from = writer === 'ours' ? known + 1 : Math.max(2, known - 1);
  // A second one finds out by itself where the cluster was put back.
  if (life.isPending || from > last || (writer === 'second' && known >= last)) {
    return undefined;
  }
  const createdOn = timeOfName(life) + Number(writer === 'second');
  const content = life.cluster.slice(from - 2, last - 1);
  const stored = storeSnapshot(life, snapshotNamed('Incr', { first: from, last, createdOn }), content);
  life.known = isForgotten ? known : last;
  return stored;
}

/** Stores what is of the cluster as it is now, up to its end. */
export function storeSnapshot(life: LifeState, snapshot: StoredSnapshot, content: readonly Change[]): StoredSnapshot {
  life.objects.put(snapshot);
  life.contents.set(snapshot.name, content);
  life.written.add(snapshot.name);
  life.known = snapshot.lastRevision;
  life.acknowledged = life.cluster.slice(0, snapshot.lastRevision - 1);
  life.namedBehind ||= life.now < life.latest - DAY;
  return snapshot;
}

/** As it is listed, with a size that is plausible. */
export function snapshotNamed(
  kind: 'Full' | 'Incr',
  { first, last, createdOn }: { readonly first: number; readonly last: Revision; readonly createdOn: number },
): StoredSnapshot {
  const parts = { kind, startRevision: revision(first), lastRevision: last, createdOn, isFinal: false } as const;
  const snapshot = newSnapshot({ ...parts, compression: 'none' });
  return { ...snapshot, key: relativeKey(snapshot), size: 10_000 };
}

/** Ours says in which order snapshots were stored where the clock is days behind. */
export function noteStoredOrder(life: LifeState, stored: StoredSnapshot | undefined): void {
  const living = markStoredOrder(historiesOf(life.objects.snapshots, life.markers).living.snapshots, life.markers);
  const youngest = living.reduce((most, { createdOn }) => Math.max(most, createdOn), 0);
  if (life.program !== 'ours' || stored === undefined || isFollowed(youngest, stored.createdOn)) {
    return;
  }
  const after = living.filter(
    ({ kind, createdOn, lastRevision, precedes }) =>
      kind === 'Full' &&
      createdOn > stored.createdOn &&
      lastRevision < stored.lastRevision &&
      (precedes === undefined || precedes > stored.lastRevision),
  );
  if (after.length > 0) {
    const { createdOn, lastRevision: shared } = stored;
    const numbers = { begunOn: freeTime({ begunOn: createdOn, shared }, life.markers), shared };
    const name = markerName(numbers);
    const names = after.map((each) => each.name);
    life.objects.save({
      ...numbers,
      name,
      why: 'clock_behind',
      first: stored.name,
      clusterId: '1',
      left: [],
      after: names,
    });
  }
}

/** Ours follows its own names when the clock was set back. */
function timeOfName(life: LifeState): number {
  const living = historiesOf(life.objects.snapshots, life.markers).living.snapshots;
  return life.program === 'ours' ? timeToContinue(living, life.now) : life.now;
}
