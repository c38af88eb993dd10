import { comparedWithCluster } from './compared-with-cluster.ts';
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
  const { reach, shared, isNewestOther } = comparedWithCluster(life);
  if (shared === undefined) {
    life.known = reach;
    life.acknowledged = life.cluster.slice(0, reach - 1);
    return;
  }
  if (isNewestOther) {
    beginHistory(life, undefined, shared);
    return;
  }
  noteStoredOrder(life, takeFull(life));
}
