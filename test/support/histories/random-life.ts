import { planRetention, type RetentionPlan } from '../../../src/retention/plan.ts';
import type { RetentionPolicy } from '../../../src/retention/request.ts';
import type { FullEvidence } from '../../../src/retention/trust.ts';
import { type Revision, revision } from '../../../src/revision.ts';
import { isAheadOfClock } from '../../../src/snapshot/ahead-of-clock.ts';
import { type Histories, historiesOf } from '../../../src/snapshot/history/histories.ts';
import {
  beginsHistory,
  freeTime,
  type HistoryMarker,
  markerName,
  type StoreMarker,
} from '../../../src/snapshot/history/history-marker.ts';
import { markStoredOrder } from '../../../src/snapshot/history/mark-stored-order.ts';
import { isFollowed, timeToBegin, timeToContinue } from '../../../src/snapshot/history/time-to-continue.ts';
import { mayBeLeft, unprovenIn } from '../../../src/snapshot/history/unproven-continuation.ts';
import { whatToMark } from '../../../src/snapshot/history/what-to-mark.ts';
import { newSnapshot, relativeKey } from '../../../src/snapshot/name.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { type Change, DAY, type Happening, type LastStep } from './happenings.ts';
import { type BegunCopy, beginCopy, type CopyCourse, endCopy } from './model-copy.ts';
import { StoredObjects } from './stored-objects.ts';

/** How long garbage collection keeps what was left, seconds. */
const LEFT_SECONDS = 3_600;

/** A second store, and what it holds of its source. */
interface CopiedStore {
  readonly objects: StoredObjects;
  /** What was acknowledged when a copy was last done; undefined where one that was killed or slow came after it. */
  readonly acknowledged: readonly Change[] | undefined;
}

/** A store as it was, and what had been acknowledged then. */
interface KeptVersion {
  readonly objects: StoredObjects;
  readonly acknowledged: readonly Change[];
}

/** A cluster, its snapshotter and its store, all in memory: objects are what their names and contents say, and no more. */
export class RandomLife {
  #program: 'ours' | 'Go';
  /** What the cluster did at each revision from 2 on. */
  #cluster: Change[] = [];
  /** Every line of changes that a cluster ever had. */
  readonly lines: Change[][] = [];
  #changes = 0;
  #now = 1_800_000_000;
  #objects = new StoredObjects();
  readonly contents = new Map<string, readonly Change[]>();
  /** Names of fulls that a compaction has made. */
  readonly compactions = new Set<string>();
  #compaction:
    | { readonly used: readonly StoredSnapshot[]; readonly content: readonly Change[]; readonly markers: number }
    | undefined;
  #copy: CopiedStore = { objects: new StoredObjects(), acknowledged: undefined };
  #begunCopy: BegunCopy | undefined;
  #version: KeptVersion | undefined;
  #collection: RetentionPlan<StoredSnapshot> | undefined;
  #doubts: { readonly until: number; readonly names: readonly string[] }[] = [];
  #leftLines: { readonly marker: string; readonly until: number; readonly line: readonly Change[] }[] = [];
  readonly #deletedByHand: { readonly snapshots: StoredSnapshot[]; readonly markers: StoreMarker[] } = {
    snapshots: [],
    markers: [],
  };
  #latest = 0;
  #namedBehind = false;
  readonly #written = new Set<string>();
  /** Up to where the snapshotter knows that the store holds what the cluster did. */
  #known = 1;
  #acknowledged: readonly Change[] = [];
  /** Whether no snapshotter runs. */
  #isDown = false;
  /** Whether the cluster was put back, and no full of what it is now is stored. */
  #isPending = false;

  /** `ours` finds out when the cluster was put back, and leaves a marker; `Go` begins with a full and knows nothing. */
  constructor(program: 'ours' | 'Go') {
    this.#program = program;
    this.#write(2);
    this.#full();
  }

  /** As the store lists it now. */
  get listing(): readonly StoredSnapshot[] {
    return this.#objects.listed(this.#now);
  }

  /** The same without what was forged with a time that may be: what is left when it has been found out. */
  get honest(): readonly StoredSnapshot[] {
    const isHonest = (each: StoredSnapshot): boolean => isAheadOfClock(each, this.#now) || !this.isForged(each);
    return this.#objects.listed(this.#now, this.#objects.snapshots.filter(isHonest));
  }

  /** The markers that count. */
  get markers(): readonly StoreMarker[] {
    return this.#objects.markers;
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
    const { objects, acknowledged } = this.#copy;
    return { listing: objects.listed(this.#now), markers: objects.markers, acknowledged };
  }

  /** Of the store as it is listed now. */
  get histories(): Histories<StoredSnapshot> {
    return historiesOf(this.honest, this.markers);
  }

  /** Whether nothing has told that the cluster was put back: what it was before counts as its past. */
  get wasPutBackUnseen(): boolean {
    return this.#doubts.length > 0;
  }

  /** Names of what nothing proved to be continued, less long ago than garbage collection keeps it, and of the full that it begins with. */
  get inDoubt(): readonly string[] {
    return this.#doubts.flatMap(({ until, names }) => (this.#now <= until ? names : []));
  }

  /** What somebody has deleted by hand, and nobody has stored again. */
  get deletedByHand(): { readonly listing: readonly StoredSnapshot[]; readonly markers: readonly StoreMarker[] } {
    const { snapshots, markers } = this.#deletedByHand;
    const isStored = ({ name }: StoredSnapshot): boolean => this.#objects.snapshots.some((each) => each.name === name);
    const isGone = (each: StoredSnapshot): boolean => !(this.isForged(each) || isStored(each));
    return { listing: this.#objects.listed(this.#now, snapshots.filter(isGone)), markers };
  }

  /** What was acknowledged of histories that were left, less long ago than garbage collection keeps it, by the numbers they have now. */
  get left(): readonly { readonly number: number; readonly line: readonly Change[] }[] {
    const { left } = this.histories;
    return this.#leftLines
      .filter(({ until }) => this.#now <= until)
      .flatMap(({ marker, line }) => {
        const history = left.find(({ leftBy }) => leftBy?.name === marker);
        return history === undefined ? [] : { number: history.number, line };
      });
  }

  /** What the cluster did at each revision from 2 on. */
  get current(): readonly Change[] {
    return this.#cluster;
  }

  /** The revision that the cluster has. */
  get revision(): number {
    return this.#cluster.length + 1;
  }

  /** Whether the cluster was put back, and no full of what it is now is stored. */
  get isPending(): boolean {
    return this.#isPending;
  }

  /** Whether something was named by a clock that was days behind, and is not any more: ages and revisions contradict each other. */
  get isContradictory(): boolean {
    return this.#namedBehind && this.#now > this.#latest - DAY;
  }

  /** Of the clock, seconds. */
  get now(): number {
    return this.#now;
  }

  /** What the store has acknowledged of the history that it follows. */
  get acknowledged(): readonly Change[] {
    return this.#acknowledged;
  }

  /** Of the objects that the programs themselves have written. */
  isForged({ name }: StoredSnapshot): boolean {
    return !this.contents.has(name);
  }

  happen(happening: Happening): void {
    this.#latest = Math.max(this.#latest, this.#now);
    this.#now += 7;
    switch (happening.what) {
      case 'write':
        this.#write(happening.changes);
        return;
      case 'delta':
        if (happening.writer === 'ours') {
          this.#startRun();
        }
        this.#noteOrder(this.#delta(happening));
        return;
      case 'full':
        if (this.#startRun() !== 'full taken') {
          this.#noteOrder(this.#full());
        }
        return;
      case 'roll back':
        this.#begin(this.#cluster.slice(0, Math.max(1, this.#cluster.length - happening.by)), happening.endsWith);
        return;
      case 'rebuild':
        this.#begin([], happening.endsWith);
        this.#write(1);
        return;
      case 'put back unseen':
        this.#putBackUnseen(happening);
        return;
      case 'clock':
        this.#now += happening.seconds;
        return;
      case 'collect':
        this.#carryOut(this.#plan(happening.policy, happening.by), happening.stopsAfter);
        return;
      case 'begin collection':
        this.#collection = this.#plan(happening.policy, 'prune');
        return;
      case 'end collection':
        this.#carryOut(this.#collection);
        this.#collection = undefined;
        return;
      case 'copy':
        this.#copyNow(happening);
        return;
      case 'begin copy':
        this.#begunCopy = this.#beginCopy(undefined);
        return;
      case 'end copy':
        this.#endCopy(happening);
        return;
      case 'keep version':
        this.#version = { objects: this.#objects.copy(), acknowledged: this.#acknowledged };
        return;
      case 'bring back':
        this.#bringBack(happening.from);
        return;
      case 'expire':
        this.#expire(happening.objects);
        return;
      case 'change program':
        this.#changeProgram();
        return;
      case 'delete by hand':
        this.#deleteByHand(happening);
        return;
      case 'begin compaction':
        this.#beginCompaction();
        return;
      case 'end compaction':
        this.#endCompaction();
        return;
      case 'forge':
        this.#forge(happening);
        return;
      default:
        happening satisfies never;
    }
  }

  #write(changes: number): void {
    for (let at = 0; at < changes; at++) {
      this.#changes += 1;
      this.#cluster.push(`change ${this.#changes}`);
    }
  }

  /** A snapshotter that was killed is started again; where the cluster was put back, it begins the new history. */
  #startRun(): 'full taken' | undefined {
    if (this.#program === 'Go' || !this.#isDown) {
      return undefined;
    }
    this.#isDown = false;
    this.#written.clear();
    this.#objects.settle();
    if (this.#isPending) {
      this.#beginHistory();
      return 'full taken';
    }
    return undefined;
  }

  /** The cluster goes on from an older state, or from nothing; the snapshotter is started anew. */
  #begin(from: readonly Change[], endsWith?: LastStep): void {
    this.lines.push(this.#cluster);
    this.#cluster = [...from];
    this.#written.clear();
    if (from.length === 0) {
      this.#write(1);
    }
    if (this.#program === 'Go') {
      this.#now += 5;
      this.#full(this.#now);
      return;
    }
    this.#isDown = false;
    this.#objects.settle();
    this.#beginHistory(endsWith);
  }

  /** Ours announces the history, stores its first full, and marks it; it is killed after one of these steps. */
  #beginHistory(endsWith?: LastStep, shared = this.#sharedWithStore()): void {
    this.#now += 5;
    const createdOn = timeToBegin(this.#objects.snapshots, this.#now);
    const first = this.#snapshot('Full', { first: 0, last: revision(this.#cluster.length + 1), createdOn });
    const marker = this.#markerOf(first, shared);
    this.#isPending = true;
    this.#isDown = endsWith !== undefined;
    if (marker !== undefined) {
      this.#objects.announce(marker);
    }
    if (endsWith === 'announcement') {
      return;
    }
    const before = this.#acknowledged;
    this.#store(first, [...this.#cluster]);
    this.#isPending = false;
    if (marker === undefined) {
      this.#isDown = false;
      this.#noteOrder(first);
      return;
    }
    const until = createdOn + LEFT_SECONDS;
    this.#leftLines.push({ marker: marker.name, until, line: before });
    if (endsWith === 'full') {
      return;
    }
    this.#objects.save(marker);
    if (endsWith === 'marker') {
      return;
    }
    this.#objects.withdraw(marker);
    this.#noteOrder(first);
  }

  /** Undefined where nothing is left. */
  #markerOf(first: StoredSnapshot, shared: Revision): HistoryMarker | undefined {
    const living = this.#livingNames();
    const left = this.#objects.snapshots.filter(
      (each) => each.lastRevision > shared && living.has(each.name) && each.name !== first.name,
    );
    const times = [...left.map(({ createdOn }) => createdOn), ...this.markers.map(({ begunOn }) => begunOn + 1)];
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

  /** Ours says what is in doubt then, and begins no history. */
  #putBackUnseen({ by, beyond }: Extract<Happening, { readonly what: 'put back unseen' }>): void {
    // With names ahead of the clock, contents alone tell which side is believed, and they are different.
    if (this.#isPending || this.listing.some(({ ahead }) => ahead !== undefined)) {
      return;
    }
    this.#objects.settle();
    this.#isDown = false;
    this.lines.push(this.#cluster);
    const kept = this.#cluster.slice(0, Math.max(1, this.#cluster.length - by));
    const end = this.#cluster.length + beyond;
    this.#cluster = [...kept];
    this.#write(end - kept.length);
    this.#written.clear();
    const before = historiesOf(this.#objects.snapshots, this.markers).living.snapshots;
    const full = this.#full();
    const shared = revision(1);
    const doubt = { after: shared, upTo: full.lastRevision };
    const inDoubt = before.filter((each) => mayBeLeft(each, doubt) && !this.isForged(each));
    const [first] = inDoubt;
    const past = first === undefined ? [] : before.slice(0, before.indexOf(first));
    const base = past.findLast(({ kind }) => kind === 'Full');
    const needed = base === undefined || this.isForged(base) ? inDoubt : [base, ...inDoubt];
    this.#doubts.push({ until: full.createdOn + LEFT_SECONDS, names: needed.map(({ name }) => name) });
    const known = unprovenIn(this.markers);
    const marked = whatToMark(before, { ...doubt, takenOn: full.createdOn }, { known });
    if (this.#program === 'ours' && marked !== undefined) {
      const numbers = { begunOn: freeTime({ begunOn: full.createdOn, shared }, this.markers), shared };
      const facts = {
        why: 'continuation_unproven',
        upTo: full.lastRevision,
        first: marked.first.name,
        left: [],
      } as const;
      this.#objects.save({ name: markerName(numbers), ...numbers, ...facts, clusterId: '1' });
    }
    this.#noteOrder(full);
  }

  /** Ours says in which order snapshots were stored where the clock is days behind. */
  #noteOrder(stored: StoredSnapshot | undefined): void {
    const living = markStoredOrder(historiesOf(this.#objects.snapshots, this.markers).living.snapshots, this.markers);
    const youngest = living.reduce((most, { createdOn }) => Math.max(most, createdOn), 0);
    if (this.#program !== 'ours' || stored === undefined || isFollowed(youngest, stored.createdOn)) {
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
      const numbers = { begunOn: freeTime({ begunOn: createdOn, shared }, this.markers), shared };
      const name = markerName(numbers);
      const names = after.map((each) => each.name);
      this.#objects.save({
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

  #livingNames(): ReadonlySet<string> {
    return new Set(historiesOf(this.#objects.snapshots, this.markers).living.snapshots.map(({ name }) => name));
  }

  /** The last revision up to which everything that is stored is what the cluster did. */
  #sharedWithStore(): Revision {
    const old = this.#acknowledged;
    const differs = this.#cluster.findIndex((change, at) => old[at] !== change);
    return revision(differs < 0 ? this.#cluster.length + 1 : differs + 1);
  }

  #delta({
    writer,
    isForgotten = false,
  }: Pick<Extract<Happening, { readonly what: 'delta' }>, 'writer' | 'isForgotten'>): StoredSnapshot | undefined {
    const last = revision(this.#cluster.length + 1);
    const known = this.#known;
    const from = writer === 'ours' ? known + 1 : Math.max(2, known - 1);
    // A second one finds out by itself where the cluster was put back.
    if (this.#isPending || from > last || (writer === 'second' && known >= last)) {
      return undefined;
    }
    const createdOn = this.#time() + Number(writer === 'second');
    const content = this.#cluster.slice(from - 2, last - 1);
    const stored = this.#store(this.#snapshot('Incr', { first: from, last, createdOn }), content);
    this.#known = isForgotten ? known : last;
    return stored;
  }

  #full(createdOn = this.#time()): StoredSnapshot {
    const last = revision(this.#cluster.length + 1);
    return this.#store(this.#snapshot('Full', { first: 0, last, createdOn }), [...this.#cluster]);
  }

  /** Ours follows its own names when the clock was set back. */
  #time(): number {
    const living = historiesOf(this.#objects.snapshots, this.markers).living.snapshots;
    return this.#program === 'ours' ? timeToContinue(living, this.#now) : this.#now;
  }

  #snapshot(
    kind: 'Full' | 'Incr',
    { first, last, createdOn }: { readonly first: number; readonly last: Revision; readonly createdOn: number },
  ): StoredSnapshot {
    const parts = { kind, startRevision: revision(first), lastRevision: last, createdOn, isFinal: false } as const;
    const snapshot = newSnapshot({ ...parts, compression: 'none' });
    return { ...snapshot, key: relativeKey(snapshot), size: 10_000 };
  }

  /** Stores what is of the cluster as it is now, up to its end. */
  #store(snapshot: StoredSnapshot, content: readonly Change[]): StoredSnapshot {
    this.#objects.put(snapshot);
    this.contents.set(snapshot.name, content);
    this.#written.add(snapshot.name);
    this.#known = snapshot.lastRevision;
    this.#acknowledged = this.#cluster.slice(0, snapshot.lastRevision - 1);
    this.#namedBehind ||= this.#now < this.#latest - DAY;
    return snapshot;
  }

  #forge({ kind, lastRevision, ahead, size }: Extract<Happening, { readonly what: 'forge' }>): void {
    // Of one that is plausible in all, once its time has come, garbage collection cannot know: verify tells.
    const plausible = ahead < 1_000 * DAY && size > 1_000;
    const createdOn = this.#now + ahead;
    const startRevision = revision(kind === 'Full' ? 0 : Math.max(2, lastRevision - 3));
    const parts = { kind, startRevision, lastRevision: revision(Math.max(startRevision, lastRevision)), createdOn };
    const snapshot = newSnapshot({ ...parts, isFinal: false, compression: 'none' });
    if (!this.contents.has(snapshot.name)) {
      this.#objects.put({ ...snapshot, key: relativeKey(snapshot), size: plausible ? 20 : size });
    }
  }

  #beginCopy(maxBackups: number | undefined): BegunCopy {
    const isReadable = (each: StoredSnapshot): boolean => !this.isForged(each);
    const stores = { source: this.#objects, target: this.#copy.objects };
    return beginCopy(stores, { maxBackups, seconds: this.#now, isReadable });
  }

  #copyNow(course: CopyCourse): void {
    const stores = { source: this.#objects, target: this.#copy.objects };
    const outcome = endCopy(stores, this.#beginCopy(course.maxBackups), course);
    this.#copy = { ...this.#copy, acknowledged: outcome === 'done' ? this.#acknowledged : undefined };
  }

  #endCopy(course: CopyCourse): void {
    const begun = this.#begunCopy;
    this.#begunCopy = undefined;
    if (begun !== undefined) {
      endCopy({ source: this.#objects, target: this.#copy.objects }, begun, course);
      this.#copy = { ...this.#copy, acknowledged: undefined };
    }
  }

  /** The snapshotter is started on a store that was put back itself. Where clocks or doubts confuse it, nothing is put back. */
  #bringBack(from: 'copy' | 'version'): void {
    const { objects, acknowledged } = from === 'copy' ? this.#copy : (this.#version ?? {});
    const isPlain = !(
      this.wasPutBackUnseen ||
      this.#namedBehind ||
      this.listing.some(({ ahead }) => ahead !== undefined)
    );
    if (objects === undefined || acknowledged === undefined || !isPlain) {
      return;
    }
    this.#objects = objects.copy();
    this.#acknowledged = acknowledged;
    this.#known = acknowledged.length + 1;
    this.#written.clear();
    this.#leftLines = [];
    this.#collection = undefined;
    this.#begunCopy = undefined;
    this.#compaction = undefined;
    if (this.#program === 'Go') {
      this.#full();
      return;
    }
    this.#isDown = true;
    this.#isPending = acknowledged.some((change, at) => this.#cluster[at] !== change);
    this.#startRun();
  }

  /** The Go program begins with a full. Ours looks whether the cluster continues what seems to be the newest. */
  #changeProgram(): void {
    this.#written.clear();
    if (this.#program === 'ours') {
      this.#program = 'Go';
      this.#isDown = false;
      this.#isPending = false;
      this.#full();
      return;
    }
    this.#program = 'ours';
    this.#objects.settle();
    const living = historiesOf(this.listing, this.markers).living.snapshots.filter((each) => !this.isForged(each));
    const differing = living.flatMap((each) => this.#differsAt(each) ?? []);
    if (differing.length === 0) {
      this.#known = living.reduce((most, { lastRevision }) => Math.max(most, lastRevision), 1);
      this.#acknowledged = this.#cluster.slice(0, this.#known - 1);
      return;
    }
    const newest = living.at(-1);
    if (newest !== undefined && this.#differsAt(newest) !== undefined) {
      this.#beginHistory(undefined, revision(Math.min(...differing) - 1));
      return;
    }
    this.#noteOrder(this.#full());
  }

  /** The first revision of which a snapshot tells something else than the cluster did. */
  #differsAt(snapshot: StoredSnapshot): number | undefined {
    const first = Math.max(2, snapshot.startRevision);
    const at = this.contents
      .get(snapshot.name)
      ?.findIndex((change, index) => this.#cluster[first - 2 + index] !== change);
    return at === undefined || at < 0 ? undefined : first + at;
  }

  #deleteByHand({ at, of }: Extract<Happening, { readonly what: 'delete by hand' }>): void {
    if (of === 'markers') {
      const { saved } = this.#objects;
      this.#deletedByHand.markers.push(...saved.filter((_, index) => index === at % saved.length));
      this.#objects.saved = saved.filter((_, index) => index !== at % saved.length);
      return;
    }
    const { snapshots } = this.#objects;
    this.#deletedByHand.snapshots.push(...snapshots.filter((_, index) => index === at % snapshots.length));
    this.#objects.snapshots = snapshots.filter((_, index) => index !== at % snapshots.length);
  }

  /** A lifecycle rule knows ages alone. */
  #expire(objects: number): void {
    const { living } = this.histories;
    const base = living.snapshots.findLast(
      (each) => each.kind === 'Full' && !this.isForged(each) && each.ahead === undefined,
    );
    const isPlain = !(
      this.wasPutBackUnseen ||
      this.#namedBehind ||
      this.listing.some(({ ahead }) => ahead !== undefined)
    );
    if (base === undefined || !isPlain) {
      return;
    }
    const at = this.#objects.snapshots.findIndex(({ name }) => name === base.name);
    const gone = this.#objects.snapshots.slice(0, Math.min(objects, at));
    const since = gone.at(-1)?.createdOn ?? 0;
    this.#objects.snapshots = this.#objects.snapshots.slice(gone.length);
    this.#objects.saved = this.#objects.saved.filter(({ begunOn }) => begunOn > since);
    this.#leftLines = [];
    // Such a rule takes days, and no compaction does.
    this.#compaction = undefined;
    this.#doubts = this.#doubts.map((doubt) => ({ ...doubt, names: [] }));
  }

  #beginCompaction(): void {
    const { living, suspected } = this.histories;
    const used = living.snapshots.filter(
      (each) => !this.isForged(each) && each.lastRevision <= this.#acknowledged.length + 1,
    );
    // What is in doubt is refused, or may be another line than that of the cluster.
    const isPlain = !(this.wasPutBackUnseen || this.#namedBehind || used.some(({ ahead }) => ahead !== undefined));
    this.#compaction =
      isPlain && suspected.length === 0
        ? { used, content: this.acknowledged, markers: this.markers.length }
        : undefined;
  }

  /** Ours names it after what it was made of, and gives up where that was left meanwhile; Go takes the time of the end. */
  #endCompaction(): void {
    const compaction = this.#compaction;
    this.#compaction = undefined;
    if (compaction === undefined) {
      return;
    }
    const { used, content, markers } = compaction;
    const since = this.markers.slice(markers).filter(beginsHistory);
    if (this.#program === 'ours' && since.some(({ shared }) => shared < content.length + 1)) {
      return;
    }
    const youngest = used.reduce((most, { createdOn }) => Math.max(most, createdOn), 0);
    const createdOn = this.#program === 'ours' ? youngest + 1 : this.#now;
    const facts = { kind: 'Full', startRevision: revision(0), isFinal: false, compression: 'none' } as const;
    const full = newSnapshot({ ...facts, lastRevision: revision(content.length + 1), createdOn });
    if (!this.contents.has(full.name)) {
      this.#objects.put({ ...full, key: relativeKey(full), size: 10_000 });
      this.contents.set(full.name, content);
      this.compactions.add(full.name);
    }
  }

  /** What goes, as a garbage collection of the snapshotter or `prune` plans it. */
  #plan(policy: RetentionPolicy, by: 'prune' | undefined): RetentionPlan<StoredSnapshot> {
    const clusterRevision = revision(this.#cluster.length + 1);
    if (by === undefined && !this.#isDown) {
      return this.#planBy(policy, { proved: this.#written, clusterRevision });
    }
    // It reads the full that others would be deleted for.
    const proved = new Set<string>();
    const unsound = new Set<string>();
    for (;;) {
      const plan = this.#planBy(policy, { proved, unsound });
      const { newest } = plan;
      if (newest === undefined || proved.has(newest.name)) {
        return plan;
      }
      (this.isForged(newest) ? unsound : proved).add(newest.name);
    }
  }

  #planBy(policy: RetentionPolicy, evidence: FullEvidence): RetentionPlan<StoredSnapshot> {
    return planRetention({
      listing: this.listing,
      markers: this.markers,
      announcements: this.#objects.announcements,
      policy,
      deltaRetentionMs: 0,
      leftHistoryMs: LEFT_SECONDS * 1_000,
      evidence,
      now: this.#now * 1000,
      partsAreData: false,
    });
  }

  /** The newest first. */
  #carryOut(plan: RetentionPlan<StoredSnapshot> | undefined, stopsAfter = Number.POSITIVE_INFINITY): void {
    if (plan === undefined) {
      return;
    }
    const deleted = plan.decisions.filter(({ action }) => action === 'delete').toReversed();
    const gone = new Set(deleted.slice(0, stopsAfter).map(({ snapshot }) => snapshot.key));
    this.#objects.snapshots = this.#objects.snapshots.filter(({ key }) => !gone.has(key));
    // What has gone in time does not come back when the clock does.
    this.#doubts = this.#doubts.map((doubt) => (this.#now > doubt.until ? { ...doubt, names: [] } : doubt));
    this.#leftLines = this.#leftLines.filter(({ until }) => this.#now <= until);
    if (deleted.length <= stopsAfter) {
      const outdated = new Set(plan.outdatedDoubts.map(({ name }) => name));
      this.#objects.saved = this.#objects.saved.filter(({ name }) => !outdated.has(name));
    }
  }
}
