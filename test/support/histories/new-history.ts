import { type Revision, revision } from '../../../src/revision.ts';
import { historiesOf } from '../../../src/snapshot/history/histories.ts';
import { type HistoryMarker, markerName } from '../../../src/snapshot/history/history-marker.ts';
import { timeToBegin } from '../../../src/snapshot/history/time-to-continue.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { comparedWithCluster } from './compared-with-cluster.ts';
import type { Change, LastStep } from './happenings.ts';
import { LEFT_SECONDS, type LifeState } from './life-state.ts';
import { noteStoredOrder, snapshotNamed, storeSnapshot, takeFull } from './snapshotter.ts';

/** A snapshotter that was killed is started again; where the cluster was put back, it begins the new history. */
export function startSnapshotter(life: LifeState): 'full taken' | undefined {
  if (life.program === 'Go' || !life.isDown) {
    return undefined;
  }
  life.isDown = false;
  life.written.clear();
  life.objects.settle();
  if (life.isPending) {
    beginHistory(life);
    return 'full taken';
  }
  // The first full of the history that was announced may be what somebody has deleted.
  const { shared, isNewestOther } = comparedWithCluster(life);
  if (life.goneByHand.snapshots.length > 0 && shared !== undefined && isNewestOther) {
    beginHistory(life, undefined, shared);
    return 'full taken';
  }
  return undefined;
}

/** The cluster goes on from an older state, or from nothing; the snapshotter is started anew. */
export function goOnFrom(life: LifeState, from: readonly Change[], endsWith?: LastStep): void {
  life.lines.push(life.cluster);
  life.cluster = [...from];
  life.written.clear();
  if (from.length === 0) {
    life.write(1);
  }
  if (life.program === 'Go') {
    life.now += 5;
    takeFull(life, life.now);
    return;
  }
  life.isDown = false;
  life.objects.settle();
  beginHistory(life, endsWith);
}

/** Ours announces the history, stores its first full, and marks it; it is killed after one of these steps. */
export function beginHistory(life: LifeState, endsWith?: LastStep, shared = sharedWithStore(life)): void {
  life.now += 5;
  const createdOn = timeToBegin(life.objects.snapshots, life.now);
  const first = snapshotNamed('Full', { first: 0, last: revision(life.cluster.length + 1), createdOn });
  const marker = markerOf(life, first, shared);
  life.isPending = true;
  life.isDown = endsWith !== undefined;
  if (marker !== undefined) {
    life.objects.announce(marker);
  }
  if (endsWith === 'announcement') {
    return;
  }
  const before = life.acknowledged;
  storeSnapshot(life, first, [...life.cluster]);
  life.isPending = false;
  if (marker === undefined) {
    life.isDown = false;
    noteStoredOrder(life, first);
    return;
  }
  const until = createdOn + LEFT_SECONDS;
  life.leftLines.push({ marker: marker.name, until, line: before });
  if (endsWith === 'full') {
    return;
  }
  life.objects.save(marker);
  if (endsWith === 'marker') {
    return;
  }
  life.objects.withdraw(marker);
  noteStoredOrder(life, first);
}

/** Undefined where nothing is left. */
function markerOf(life: LifeState, first: StoredSnapshot, shared: Revision): HistoryMarker | undefined {
  const living = livingNames(life);
  const left = life.objects.snapshots.filter(
    (each) => each.lastRevision > shared && living.has(each.name) && each.name !== first.name,
  );
  const times = [...left.map(({ createdOn }) => createdOn), ...life.markers.map(({ begunOn }) => begunOn + 1)];
  const begunOn = times.reduce((most, time) => Math.max(most, time), first.createdOn);
  return left.length === 0
    ? undefined
    : {
        name: markerName({ begunOn, shared }),
        begunOn,
        shared,
        why: 'rolled_back',
        first: first.name,
        clusterId: '1',
        left: left.map(({ name }) => name),
      };
}

function livingNames(life: LifeState): ReadonlySet<string> {
  return new Set(historiesOf(life.objects.snapshots, life.markers).living.snapshots.map(({ name }) => name));
}

/** The last revision up to which everything that is stored is what the cluster did. */
function sharedWithStore(life: LifeState): Revision {
  const old = life.acknowledged;
  const differs = life.cluster.findIndex((change, at) => old[at] !== change);
  return revision(differs < 0 ? life.cluster.length + 1 : differs + 1);
}
