import type { RetentionPlan } from '../../../src/retention/plan.ts';
import { isAheadOfClock } from '../../../src/snapshot/ahead-of-clock.ts';
import { type Histories, historiesOf } from '../../../src/snapshot/history/histories.ts';
import type { HistoryMarker, StoreMarker } from '../../../src/snapshot/history/history-marker.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import type { Change } from './happenings.ts';
import type { BegunCopy } from './model-copy.ts';
import { StoredObjects } from './stored-objects.ts';

/** How long garbage collection keeps what was left, seconds. */
export const LEFT_SECONDS = 3_600;

/** A second store, and what it holds of its source. */
interface CopiedStore {
  readonly objects: StoredObjects;
  /** What was acknowledged when a copy was last done; undefined where one that was killed or slow came after it, or a marker was gone. */
  readonly acknowledged: readonly Change[] | undefined;
}

/** A store as it was, and what had been acknowledged then. */
interface KeptVersion {
  readonly objects: StoredObjects;
  readonly acknowledged: readonly Change[];
}

/** What is known of a cluster, its snapshotter and its store, all in memory, and what the modules next to it change: objects are what their names and contents say, and no more. */
export class LifeState {
  program: 'ours' | 'Go';
  /** What the cluster did at each revision from 2 on. */
  cluster: Change[] = [];
  /** Every line of changes that a cluster ever had. */
  readonly lines: Change[][] = [];
  changes = 0;
  now = 1_800_000_000;
  objects = new StoredObjects();
  readonly contents = new Map<string, readonly Change[]>();
  /** Names of fulls that a compaction has made. */
  readonly compactions = new Set<string>();
  compaction:
    | { readonly used: readonly StoredSnapshot[]; readonly content: readonly Change[]; readonly markers: number }
    | undefined;
  copy: CopiedStore = { objects: new StoredObjects(), acknowledged: undefined };
  begunCopy: BegunCopy | undefined;
  version: KeptVersion | undefined;
  collection: RetentionPlan<StoredSnapshot> | undefined;
  doubts: { readonly until: number; readonly names: readonly string[] }[] = [];
  leftLines: { readonly marker: string; readonly until: number; readonly line: readonly Change[] }[] = [];
  /** What somebody has deleted. */
  readonly goneByHand: { readonly snapshots: StoredSnapshot[]; readonly markers: StoreMarker[] } = {
    snapshots: [],
    markers: [],
  };
  /** Markers of histories that a lifecycle rule has deleted. */
  readonly expired: HistoryMarker[] = [];
  latest = 0;
  namedBehind = false;
  readonly written = new Set<string>();
  /** Up to where the snapshotter knows that the store holds what the cluster did. */
  known = 1;
  acknowledged: readonly Change[] = [];
  /** Whether no snapshotter runs. */
  isDown = false;
  /** Whether the cluster was put back, and no full of what it is now is stored. */
  isPending = false;

  constructor(program: 'ours' | 'Go') {
    this.program = program;
  }

  /** As the store lists it now. */
  get listing(): readonly StoredSnapshot[] {
    return this.objects.listed(this.now);
  }

  /** The markers that count. */
  get markers(): readonly StoreMarker[] {
    return this.objects.markers;
  }

  /** Of the store as it is listed now. */
  get histories(): Histories<StoredSnapshot> {
    return historiesOf(this.honest, this.markers);
  }

  /** As {@link listing}, without what was forged with a time that may be: what is left when it has been found out. */
  get honest(): readonly StoredSnapshot[] {
    const isHonest = (each: StoredSnapshot): boolean => isAheadOfClock(each, this.now) || !this.isForged(each);
    return this.objects.listed(this.now, this.objects.snapshots.filter(isHonest));
  }

  /** Whether nothing has told that the cluster was put back: what it was before counts as its past. */
  get wasPutBackUnseen(): boolean {
    return this.doubts.length > 0;
  }

  /**
   * Whether the copy holds what a marker has left that a lifecycle rule deleted before it was copied: only ages and contents tell its histories
   * apart then, and it may refuse what its source gives (docs/histories.md, "A lifecycle rule of the store").
   */
  get isCopyUnmarked(): boolean {
    const { snapshots, markers } = this.copy.objects;
    const held = new Set(snapshots.map(({ name }) => name));
    const marked = new Set(markers.map(({ name }) => name));
    return this.expired.some(({ name, left }) => !marked.has(name) && left.some((each) => held.has(each)));
  }

  /** Of the objects that the programs themselves have written. */
  isForged({ name }: StoredSnapshot): boolean {
    return !this.contents.has(name);
  }

  /** No two changes are the same, in whatever history. */
  write(changes: number): void {
    for (let at = 0; at < changes; at++) {
      this.changes += 1;
      this.cluster.push(`change ${this.changes}`);
    }
  }
}
