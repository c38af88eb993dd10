import { revision } from '../../../src/revision.ts';
import { historiesOf } from '../../../src/snapshot/history/histories.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import type { LifeState } from './life-state.ts';
import { beginHistory } from './new-history.ts';
import { noteStoredOrder, takeFull } from './snapshotter.ts';

/** The Go program begins with a full. Ours looks whether the cluster continues what seems to be the newest. */
export function changeProgram(life: LifeState): void {
  life.written.clear();
  if (life.program === 'ours') {
    life.program = 'Go';
    life.isDown = false;
    life.isPending = false;
    takeFull(life);
    return;
  }
  life.program = 'ours';
  life.objects.settle();
  const living = historiesOf(life.listing, life.markers).living.snapshots.filter((each) => !life.isForged(each));
  const differing = living.flatMap((each) => differsAt(life, each) ?? []);
  if (differing.length === 0) {
    life.known = living.reduce((most, { lastRevision }) => Math.max(most, lastRevision), 1);
    life.acknowledged = life.cluster.slice(0, life.known - 1);
    return;
  }
  const newest = living.at(-1);
  if (newest !== undefined && differsAt(life, newest) !== undefined) {
    beginHistory(life, undefined, revision(Math.min(...differing) - 1));
    return;
  }
  noteStoredOrder(life, takeFull(life));
}

/** The first revision of which a snapshot tells something else than the cluster did. */
function differsAt(life: LifeState, snapshot: StoredSnapshot): number | undefined {
  const first = Math.max(2, snapshot.startRevision);
  const at = life.contents.get(snapshot.name)?.findIndex((change, index) => life.cluster[first - 2 + index] !== change);
  return at === undefined || at < 0 ? undefined : first + at;
}
