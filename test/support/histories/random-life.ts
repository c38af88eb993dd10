import type { StoreMarker } from '../../../src/snapshot/history/history-marker.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { changeProgram } from './change-of-program.ts';
import { beginCompaction, endCompaction } from './compaction.ts';
import { copyStore, endBegunCopy, planCopyNow } from './copies.ts';
import { carryOutCollection, planCollection } from './garbage-collection.ts';
import { type Change, DAY, type Happening } from './happenings.ts';
import { LifeState } from './life-state.ts';
import { goOnFrom, startSnapshotter } from './new-history.ts';
import { noteStoredOrder, takeDelta, takeFull } from './snapshotter.ts';
import { bringBackStore, deleteByHand, expireObjects, forgeObject } from './store-accidents.ts';
import { putBackUnseen } from './unseen-put-back.ts';

/** What becomes of a cluster and its store, one thing after the other. */
export class RandomLife extends LifeState {
  /** `ours` finds out when the cluster was put back, and leaves a marker; `Go` begins with a full and knows nothing. */
  constructor(program: 'ours' | 'Go') {
    super(program);
    this.write(2);
    takeFull(this);
  }

  /**
   * A second store as it is now, and what was acknowledged when it was copied last; undefined where something was killed or slow since: then it
   * holds what it may.
   */
  get copied(): {
    readonly listing: readonly StoredSnapshot[];
    readonly markers: readonly StoreMarker[];
    readonly acknowledged: readonly Change[] | undefined;
  } {
    const { objects, acknowledged } = this.copy;
    return { listing: objects.listed(this.now), markers: objects.markers, acknowledged };
  }

  /** Names of what nothing proved to be continued, less long ago than garbage collection keeps it, and of the full that it begins with. */
  get inDoubt(): readonly string[] {
    return this.doubts.flatMap(({ until, names }) => (this.now <= until ? names : []));
  }

  /** What somebody has deleted by hand, and nobody has stored again. */
  get deletedByHand(): { readonly listing: readonly StoredSnapshot[]; readonly markers: readonly StoreMarker[] } {
    const { snapshots, markers } = this.goneByHand;
    const isStored = ({ name }: StoredSnapshot): boolean => this.objects.snapshots.some((each) => each.name === name);
    const isGone = (each: StoredSnapshot): boolean => !(this.isForged(each) || isStored(each));
    return { listing: this.objects.listed(this.now, snapshots.filter(isGone)), markers };
  }

  /** What was acknowledged of histories that were left, less long ago than garbage collection keeps it, by the numbers they have now. */
  get left(): readonly { readonly number: number; readonly line: readonly Change[] }[] {
    const { left } = this.histories;
    return this.leftLines
      .filter(({ until }) => this.now <= until)
      .flatMap(({ marker, line }) => {
        const history = left.find(({ leftBy }) => leftBy?.name === marker);
        return history === undefined ? [] : { number: history.number, line };
      });
  }

  /** What the cluster did at each revision from 2 on. */
  get current(): readonly Change[] {
    return this.cluster;
  }

  /** The revision that the cluster has. */
  get revision(): number {
    return this.cluster.length + 1;
  }

  /** Whether something was named by a clock that was days behind, and is not any more: ages and revisions contradict each other. */
  get isContradictory(): boolean {
    return this.namedBehind && this.now > this.latest - DAY;
  }

  happen(happening: Happening): void {
    this.latest = Math.max(this.latest, this.now);
    this.now += 7;
    switch (happening.what) {
      case 'write':
        this.write(happening.changes);
        return;
      case 'delta':
        if (happening.writer === 'ours') {
          startSnapshotter(this);
        }
        noteStoredOrder(this, takeDelta(this, happening));
        return;
      case 'full':
        if (startSnapshotter(this) !== 'full taken') {
          noteStoredOrder(this, takeFull(this));
        }
        return;
      case 'roll back':
        goOnFrom(this, this.cluster.slice(0, Math.max(1, this.cluster.length - happening.by)), happening.endsWith);
        return;
      case 'rebuild':
        goOnFrom(this, [], happening.endsWith);
        this.write(1);
        return;
      case 'put back unseen':
        putBackUnseen(this, happening);
        return;
      case 'clock':
        this.now += happening.seconds;
        return;
      case 'collect':
        carryOutCollection(this, planCollection(this, happening.policy, happening.by), happening.stopsAfter);
        return;
      case 'begin collection':
        this.collection = planCollection(this, happening.policy, 'prune');
        return;
      case 'end collection':
        carryOutCollection(this, this.collection);
        this.collection = undefined;
        return;
      case 'copy':
        copyStore(this, happening);
        return;
      case 'begin copy':
        this.begunCopy = planCopyNow(this, undefined);
        return;
      case 'end copy':
        endBegunCopy(this, happening);
        return;
      case 'keep version':
        this.version = { objects: this.objects.copy(), acknowledged: this.acknowledged };
        return;
      case 'bring back':
        bringBackStore(this, happening.from);
        return;
      case 'expire':
        expireObjects(this, happening.objects);
        return;
      case 'change program':
        changeProgram(this);
        return;
      case 'delete by hand':
        deleteByHand(this, happening);
        return;
      case 'begin compaction':
        beginCompaction(this);
        return;
      case 'end compaction':
        endCompaction(this);
        return;
      case 'forge':
        forgeObject(this, happening);
        return;
      default:
        happening satisfies never;
    }
  }
}
