import { missingMarkers } from '../../../src/operations/copy/copy-markers.ts';
import { pendingObjects, planCopy } from '../../../src/operations/copy/plan.ts';
import { planRetention } from '../../../src/retention/plan.ts';
import type { RetentionPolicy } from '../../../src/retention/request.ts';
import { type Revision, revision } from '../../../src/revision.ts';
import { isAheadOfClock } from '../../../src/snapshot/ahead-of-clock.ts';
import { type Histories, historiesOf } from '../../../src/snapshot/history/histories.ts';
import { beginsHistory, markerName, type StoreMarker } from '../../../src/snapshot/history/history-marker.ts';
import { markAheadOfClock } from '../../../src/snapshot/history/mark-ahead-of-clock.ts';
import { markStoredOrder } from '../../../src/snapshot/history/mark-stored-order.ts';
import { isFollowed, timeToBegin, timeToContinue } from '../../../src/snapshot/history/time-to-continue.ts';
import { mayBeLeft, unprovenIn } from '../../../src/snapshot/history/unproven-continuation.ts';
import { whatToMark } from '../../../src/snapshot/history/what-to-mark.ts';
import { newSnapshot, relativeKey } from '../../../src/snapshot/name.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { fc } from '../fuzz/seeded-properties.ts';

/** What one revision did; no two changes that were ever made are the same. */
export type Change = string;

/** One thing that happens in the life of a cluster and its backup. */
export type Happening =
  | { readonly what: 'write'; readonly changes: number }
  | { readonly what: 'delta'; readonly writer: 'ours' | 'second' }
  | { readonly what: 'full' }
  | { readonly what: 'roll back'; readonly by: number }
  | { readonly what: 'rebuild' }
  /** It is put back, goes on beyond what is stored, and is compacted to its end before a snapshotter sees it: nothing tells. */
  | { readonly what: 'put back unseen'; readonly by: number; readonly beyond: number }
  | { readonly what: 'clock'; readonly seconds: number }
  | { readonly what: 'collect'; readonly policy: RetentionPolicy }
  | { readonly what: 'copy' }
  /** Another process makes one full of what is stored; others go on meanwhile. */
  | { readonly what: 'begin compaction' }
  | { readonly what: 'end compaction' }
  | {
      readonly what: 'forge';
      readonly kind: 'Full' | 'Incr';
      readonly lastRevision: number;
      /** Seconds ahead of the clock. */
      readonly ahead: number;
      readonly size: number;
    };

/** Seconds; a clock that is further ahead is put right. */
const DAY = 86_400;

/** How long garbage collection keeps what was left, seconds. */
const LEFT_SECONDS = 3_600;

/** Lives of any kind. */
export const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ what: fc.constant('write' as const), changes: fc.integer({ min: 1, max: 4 }) }),
    },
    {
      weight: 7,
      arbitrary: fc.record({
        what: fc.constant('delta' as const),
        writer: fc.constantFrom('ours' as const, 'ours' as const, 'second' as const),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ what: 'full' } as const) },
    {
      weight: 1,
      arbitrary: fc.record({ what: fc.constant('roll back' as const), by: fc.integer({ min: 1, max: 9 }) }),
    },
    { weight: 1, arbitrary: fc.constant({ what: 'rebuild' } as const) },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constant('put back unseen' as const),
        by: fc.integer({ min: 1, max: 9 }),
        beyond: fc.integer({ min: 1, max: 5 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constant('clock' as const),
        seconds: fc.constantFrom(-100 * DAY, -2 * DAY, -3_000, -90, -2, 4_000, 2 * DAY, 100 * DAY),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        what: fc.constant('collect' as const),
        policy: fc.oneof(
          fc.constant({ kind: 'Exponential' } as const),
          fc.record({ kind: fc.constant('LimitBased' as const), maxBackups: fc.integer({ min: 1, max: 3 }) }),
        ),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ what: 'copy' } as const) },
    { weight: 1, arbitrary: fc.constant({ what: 'begin compaction' } as const) },
    { weight: 1, arbitrary: fc.constant({ what: 'end compaction' } as const) },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constant('forge' as const),
        kind: fc.constantFrom('Full' as const, 'Full' as const, 'Incr' as const),
        lastRevision: fc.constantFrom(1, 5, 9, 14, 20, 60, Number.MAX_SAFE_INTEGER - 1),
        ahead: fc.constantFrom(0, 600, 2 * DAY, 1_000 * DAY),
        size: fc.constantFrom(0, 20, 10_000),
      }),
    },
  ),
  { maxLength: 45 },
);

/** A cluster, its snapshotter and its store, all in memory: objects are what their names and contents say, and no more. */
export class RandomLife {
  readonly #program: 'ours' | 'Go';
  /** What the cluster did at each revision from 2 on. */
  #cluster: Change[] = [];
  /** Every line of changes that a cluster ever had. */
  readonly lines: Change[][] = [];
  #changes = 0;
  #now = 1_800_000_000;
  #listing: StoredSnapshot[] = [];
  readonly contents = new Map<string, readonly Change[]>();
  /** Names of fulls that a compaction has made. */
  readonly compactions = new Set<string>();
  #compaction:
    | { readonly used: readonly StoredSnapshot[]; readonly content: readonly Change[]; readonly markers: number }
    | undefined;
  readonly markers: StoreMarker[] = [];
  #copy: { readonly listing: readonly StoredSnapshot[]; readonly acknowledged: readonly Change[] } | undefined;
  #doubts: { readonly until: number; readonly names: readonly string[] }[] = [];
  #latest = 0;
  #namedBehind = false;
  copiedMarkers: readonly StoreMarker[] = [];
  readonly #written = new Set<string>();
  /** Up to where the store holds what the cluster did. */
  #stored = 1;

  /** `ours` finds out when the cluster was put back, and leaves a marker; `Go` begins with a full and knows nothing. */
  constructor(program: 'ours' | 'Go') {
    this.#program = program;
    this.#write(2);
    this.#full();
  }

  /** As the store lists it now. */
  get listing(): readonly StoredSnapshot[] {
    return markAheadOfClock(markStoredOrder(this.#listing, this.markers), this.markers, this.#now);
  }

  /** The same without what was forged with a time that may be: what is left when it has been found out. */
  get honest(): readonly StoredSnapshot[] {
    const left = this.#listing.filter((each) => isAheadOfClock(each, this.#now) || !this.isForged(each));
    return markAheadOfClock(markStoredOrder(left, this.markers), this.markers, this.#now);
  }

  /** A second store, as it was copied last, and what was acknowledged then; undefined before. */
  get copied(): { readonly listing: readonly StoredSnapshot[]; readonly acknowledged: readonly Change[] } | undefined {
    const copy = this.#copy;
    return copy === undefined
      ? undefined
      : {
          ...copy,
          listing: markAheadOfClock(markStoredOrder(copy.listing, this.copiedMarkers), this.copiedMarkers, this.#now),
        };
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

  /** The revision that the cluster has. */
  get revision(): number {
    return this.#cluster.length + 1;
  }

  /** Whether something was named by a clock that was days behind, and is not any more: ages and revisions contradict each other. */
  get isContradictory(): boolean {
    return this.#namedBehind && this.#now > this.#latest - DAY;
  }

  /** Of the clock, seconds. */
  get now(): number {
    return this.#now;
  }

  /** What the store has acknowledged of the cluster as it is. */
  get acknowledged(): readonly Change[] {
    return this.#cluster.slice(0, this.#stored - 1);
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
        this.#noteOrder(this.#delta(happening.writer));
        return;
      case 'full':
        this.#noteOrder(this.#full());
        return;
      case 'roll back':
        this.#begin(this.#cluster.slice(0, Math.max(1, this.#cluster.length - happening.by)));
        return;
      case 'rebuild':
        this.#begin([]);
        this.#write(1);
        return;
      case 'put back unseen':
        this.#putBackUnseen(happening);
        return;
      case 'clock':
        this.#now += happening.seconds;
        return;
      case 'collect':
        this.#collect(happening.policy);
        return;
      case 'copy':
        this.#copyAll();
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

  /** The cluster goes on from an older state, or from nothing; the snapshotter is started anew. */
  #begin(from: readonly Change[]): void {
    this.lines.push(this.#cluster);
    this.#cluster = [...from];
    this.#written.clear();
    if (from.length === 0) {
      this.#write(1);
    }
    const shared = this.#sharedWithStore();
    const before = this.#listing;
    this.#now += 5;
    const first = this.#full(this.#program === 'ours' ? timeToBegin(this.#listing, this.#now) : this.#now);
    if (this.#program === 'ours') {
      const left = before.filter(
        (each) => each.lastRevision > shared && this.#livingNames().has(each.name) && each.name !== first.name,
      );
      const times = [...left.map(({ createdOn }) => createdOn), ...this.markers.map(({ begunOn }) => begunOn + 1)];
      const begunOn = times.reduce((most, time) => Math.max(most, time), first.createdOn);
      this.markers.push({
        name: markerName({ begunOn, shared }),
        begunOn,
        shared,
        why: 'rolled_back',
        first: first.name,
        clusterId: '1',
        left: left.map(({ name }) => name),
      });
      this.#noteOrder(first);
    }
  }

  /** Ours says what is in doubt then, and begins no history. */
  #putBackUnseen({ by, beyond }: Extract<Happening, { readonly what: 'put back unseen' }>): void {
    // With names ahead of the clock, contents alone tell which side is believed, and they are different.
    if (this.listing.some(({ ahead }) => ahead !== undefined)) {
      return;
    }
    this.lines.push(this.#cluster);
    const kept = this.#cluster.slice(0, Math.max(1, this.#cluster.length - by));
    const end = this.#cluster.length + beyond;
    this.#cluster = [...kept];
    this.#write(end - kept.length);
    this.#written.clear();
    const before = historiesOf(this.#listing, this.markers).living.snapshots;
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
      const numbers = { begunOn: full.createdOn, shared };
      const facts = {
        why: 'continuation_unproven',
        upTo: full.lastRevision,
        first: marked.first.name,
        left: [],
      } as const;
      this.markers.push({ name: markerName(numbers), ...numbers, ...facts, clusterId: '1' });
    }
    this.#noteOrder(full);
  }

  /** Ours says in which order snapshots were stored where the clock is days behind. */
  #noteOrder(stored: StoredSnapshot | undefined): void {
    const living = markStoredOrder(historiesOf(this.#listing, this.markers).living.snapshots, this.markers);
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
      const numbers = { begunOn: stored.createdOn, shared: stored.lastRevision };
      const name = markerName(numbers);
      const names = after.map((each) => each.name);
      this.markers.push({
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
    return new Set(historiesOf(this.#listing, this.markers).living.snapshots.map(({ name }) => name));
  }

  /** The last revision up to which everything that is stored is what the cluster did. */
  #sharedWithStore(): Revision {
    const old = this.lines.at(-1) ?? [];
    const differs = this.#cluster.findIndex((change, at) => old[at] !== change);
    return revision(differs < 0 ? this.#cluster.length + 1 : differs + 1);
  }

  #delta(writer: 'ours' | 'second'): StoredSnapshot | undefined {
    const last = revision(this.#cluster.length + 1);
    const from = writer === 'ours' ? this.#stored + 1 : Math.max(2, this.#stored - 1);
    if (from > last || (writer === 'second' && this.#stored >= last)) {
      return undefined;
    }
    const createdOn = this.#time() + Number(writer === 'second');
    return this.#save('Incr', { first: from, last, createdOn }, this.#cluster.slice(from - 2, last - 1));
  }

  #full(createdOn = this.#time()): StoredSnapshot {
    const last = revision(this.#cluster.length + 1);
    return this.#save('Full', { first: 0, last, createdOn }, [...this.#cluster]);
  }

  /** Ours follows its own names when the clock was set back. */
  #time(): number {
    const living = historiesOf(this.#listing, this.markers).living.snapshots;
    return this.#program === 'ours' ? timeToContinue(living, this.#now) : this.#now;
  }

  #save(
    kind: 'Full' | 'Incr',
    { first, last, createdOn }: { readonly first: number; readonly last: Revision; readonly createdOn: number },
    content: readonly Change[],
  ): StoredSnapshot {
    const parts = { kind, startRevision: revision(first), lastRevision: last, createdOn, isFinal: false } as const;
    const snapshot = newSnapshot({ ...parts, compression: 'none' });
    const stored = { ...snapshot, key: relativeKey(snapshot), size: 10_000 };
    this.#listing = [...this.#listing.filter(({ name }) => name !== stored.name), stored];
    this.contents.set(stored.name, content);
    this.#written.add(stored.name);
    this.#stored = last;
    this.#namedBehind ||= this.#now < this.#latest - DAY;
    return stored;
  }

  #forge({ kind, lastRevision, ahead, size }: Extract<Happening, { readonly what: 'forge' }>): void {
    // Of one that is plausible in all, once its time has come, garbage collection cannot know: verify tells.
    const plausible = ahead < 1_000 * DAY && size > 1_000;
    const createdOn = this.#now + ahead;
    const startRevision = revision(kind === 'Full' ? 0 : Math.max(2, lastRevision - 3));
    const parts = { kind, startRevision, lastRevision: revision(Math.max(startRevision, lastRevision)), createdOn };
    const snapshot = newSnapshot({ ...parts, isFinal: false, compression: 'none' });
    if (!this.contents.has(snapshot.name)) {
      this.#listing = [...this.#listing, { ...snapshot, key: relativeKey(snapshot), size: plausible ? 20 : size }];
    }
  }

  /** What the living history has, but for what cannot be read. */
  #copyAll(): void {
    const { snapshots, begunBy } = historiesOf(this.listing, this.markers).living;
    const source = snapshots.filter((each) => !this.isForged(each));
    const listing = this.#copy?.listing ?? [];
    const { chains } = planCopy(
      { source, target: listing, begunBy },
      { maxBackups: undefined, maxBackupAgeDays: undefined, now: this.#now * 1000 },
    );
    const added = pendingObjects({ chains, orphans: [], leftOut: 0 }).map(
      ({ source: { ahead: _, precedes: __, ...each } }) => each,
    );
    this.#copy = { listing: [...listing, ...added], acknowledged: this.acknowledged };
    const markers = { source: this.markers, target: this.copiedMarkers, held: listing, living: snapshots };
    this.copiedMarkers = [...this.copiedMarkers, ...missingMarkers(markers)];
  }

  #beginCompaction(): void {
    const { living, suspected } = this.histories;
    const used = living.snapshots.filter((each) => !this.isForged(each) && each.lastRevision <= this.#stored);
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
      this.#listing = [...this.#listing, { ...full, key: relativeKey(full), size: 10_000 }];
      this.contents.set(full.name, content);
      this.compactions.add(full.name);
    }
  }

  #collect(policy: RetentionPolicy): void {
    const { decisions, outdatedDoubts } = planRetention({
      listing: this.listing,
      markers: this.markers,
      policy,
      deltaRetentionMs: 0,
      leftHistoryMs: LEFT_SECONDS * 1_000,
      evidence: { proved: this.#written, clusterRevision: revision(this.#cluster.length + 1) },
      now: this.#now * 1000,
      partsAreData: false,
    });
    const kept = new Set(decisions.filter(({ action }) => action === 'keep').map(({ snapshot }) => snapshot.key));
    this.#listing = this.#listing.filter(({ key }) => kept.has(key));
    // What has gone in time does not come back when the clock does.
    this.#doubts = this.#doubts.map((doubt) => (this.#now > doubt.until ? { ...doubt, names: [] } : doubt));
    const outdated = new Set(outdatedDoubts.map(({ name }) => name));
    this.markers.splice(0, this.markers.length, ...this.markers.filter(({ name }) => !outdated.has(name)));
  }
}
