import { type Revision, revision } from '../../revision.ts';
import { isFollowed, timeToContinue } from '../../snapshot/history/time-to-continue.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { noListener, type SnapshotterListener } from './events.ts';
import type { StoredChain } from './stored-chain.ts';

/** What is, or will be, in the store. */
interface NamedObject {
  readonly lastRevision: Revision;
  /** Seconds since the epoch. */
  readonly createdOn: number;
}

/** The newest chain in the store, as far as this run has added to it or goes on from it, and how the next objects have to fit to it. */
export class ChainState {
  readonly #listener: SnapshotterListener;
  #covered = revision(0);
  #full: StoredSnapshot | undefined;
  #deltas: readonly StoredSnapshot[] = [];
  /** The newest delta that was named; its upload may still go on. */
  #namedDelta: NamedObject | undefined;
  /** While a full is being read: that delta, and those that were named since. */
  #namedMeanwhile: NamedObject[] = [];
  /** The newest delta when the full was begun. */
  #namedBefore: NamedObject | undefined;
  /** The full that is being read may end at any revision up to here; 0 while none is. */
  #mayEndAt = 0;
  #announced: NamedObject | undefined;
  #needed = revision(0);
  /** Names of fulls get this time or a later one where possible: seconds since the epoch. */
  #notBefore = 0;
  #youngest = 0;
  readonly #writtenFulls = new Set<string>();

  constructor(listener: SnapshotterListener = noListener) {
    this.#listener = listener;
  }

  /** Every change up to here can be restored. */
  get covered(): Revision {
    return this.#covered;
  }

  /** Names of the fulls that this run has written: they are known to be good. */
  get writtenFulls(): ReadonlySet<string> {
    return this.#writtenFulls;
  }

  /** The latest time in a name of the store, also one that nothing follows; seconds since the epoch, 0 for none. */
  get youngest(): number {
    return this.#youngest;
  }

  /** The newest full and the deltas that reach beyond it. */
  get newest(): StoredChain {
    return { full: this.#full, deltas: this.#deltas };
  }

  /** Goes on from a chain that is in the store: a full and deltas that follow it without a gap. */
  resume(full: StoredSnapshot, deltas: readonly StoredSnapshot[]): void {
    for (const snapshot of [full, ...deltas]) {
      this.#add(snapshot);
    }
    this.#namedDelta = deltas.at(-1);
  }

  /** What is in the store: fulls are not older, also when the clock was set back. */
  follow(snapshots: readonly Pick<StoredSnapshot, 'createdOn'>[], seconds: number): void {
    this.#notBefore = Math.max(this.#notBefore, timeToContinue(snapshots, seconds));
    this.#youngest = snapshots.reduce((most, { createdOn }) => Math.max(most, createdOn), this.#youngest);
  }

  /** A full is about to be read, which must reach `atLeast`, and {@link needed} as it is now. */
  beginFull(atLeast: Revision = revision(0)): void {
    this.#namedBefore = this.#namedDelta;
    this.#namedMeanwhile = this.#namedDelta === undefined ? [] : [this.#namedDelta];
    this.#mayEndAt = Number.MAX_SAFE_INTEGER;
    this.#needed = revision(Math.max(atLeast, this.#covered, this.#namedDelta?.lastRevision ?? 0));
  }

  /** The stream of the full that was begun is opened: it ends at `bound` at the latest. Undefined while that is not known. */
  openedFull(bound: Revision | undefined): void {
    this.#mayEndAt = bound ?? Number.MAX_SAFE_INTEGER;
  }

  /**
   * The revision that the full that was begun must reach: it was stored or accepted before, or deltas up to there were named, and none that
   * reaches beyond a full may be older than it.
   */
  get needed(): Revision {
    return this.#needed;
  }

  /**
   * Announces a full and gives its creation time, `seconds` where deltas that were named while it was read allow that. One that
   * ends where the full ends has to be older: readers take one of the same age or younger for a continuation, of which the Go
   * program repeats every event. Those that reach beyond it must not be older. Undefined when no time fits.
   */
  announceFull(lastRevision: Revision, seconds: number): number | undefined {
    const named = this.#namedMeanwhile.filter(({ createdOn }) => isFollowed(createdOn, seconds));
    const after = named.reduce((most, each) => (each.lastRevision === lastRevision ? each.createdOn + 1 : most), 0);
    const upTo = named.reduce(
      (least, each) => (each.lastRevision > lastRevision ? Math.min(least, each.createdOn) : least),
      Number.MAX_SAFE_INTEGER,
    );
    if (after > upTo) {
      return undefined;
    }
    const earliest = timeToContinue([{ createdOn: this.#notBefore }], seconds);
    const createdOn = Math.min(Math.max(earliest, after), upTo);
    this.#announced = { lastRevision, createdOn };
    return createdOn;
  }

  /** No full is being read or stored any more. */
  withdrawFull(): void {
    this.#announced = undefined;
    this.#namedMeanwhile = [];
    this.#mayEndAt = 0;
  }

  /** The creation time for a delta that ends at `lastRevision` and is written at `seconds`. */
  deltaTime(lastRevision: Revision, seconds: number): number {
    const createdOn = this.#timeOf(lastRevision, seconds);
    this.#namedDelta = { lastRevision, createdOn };
    if (this.#mayEndAt > 0) {
      this.#namedMeanwhile.push(this.#namedDelta);
    }
    return createdOn;
  }

  #timeOf(lastRevision: Revision, seconds: number): number {
    const full = this.#announced ?? this.#full;
    if (full !== undefined && lastRevision <= full.lastRevision) {
      return Math.min(seconds, full.createdOn - 1);
    }
    const before = followed(this.#namedDelta, seconds);
    const isReading = this.#mayEndAt > 0;
    const mayBeLast = isReading && before !== undefined && before.lastRevision <= this.#mayEndAt;
    // The full may end where a delta ends: between that and the next one it needs a time. None is older than its own full.
    const earliest = Math.max(followed(full, seconds)?.createdOn ?? 0, (before?.createdOn ?? 0) + Number(mayBeLast));
    const endsChain = isReading && this.#namedMeanwhile.at(-1) === this.#namedBefore;
    return Math.max(endsChain ? seconds - 1 : seconds, earliest);
  }

  /** A new history begins: nothing that is in the store belongs to it, and everything is older. */
  leave(): void {
    this.#notBefore += this.#notBefore > 0 ? 1 : 0;
    this.#covered = revision(0);
    this.#full = undefined;
    this.#deltas = [];
    this.#namedDelta = undefined;
    this.#namedMeanwhile = [];
    this.#announced = undefined;
    this.#needed = revision(0);
  }

  /** A snapshot of this run is in the store now. */
  stored(snapshot: StoredSnapshot): void {
    if (snapshot.kind === 'Full') {
      this.#writtenFulls.add(snapshot.name);
    }
    this.#add(snapshot);
  }

  #add(snapshot: StoredSnapshot): void {
    const grown = snapshot.kind === 'Full' ? this.#deltas : [...this.#deltas, snapshot];
    if (snapshot.kind === 'Full') {
      this.#full = snapshot;
      this.#announced = undefined;
    }
    const fullEnd = this.#full?.lastRevision ?? 0;
    this.#deltas = grown.filter(({ lastRevision }) => lastRevision > fullEnd);
    this.#covered = revision(Math.max(this.#covered, snapshot.lastRevision));
    this.#notBefore = Math.max(this.#notBefore, snapshot.createdOn);
    this.#youngest = Math.max(this.#youngest, snapshot.createdOn);
    this.#listener({ type: 'stored', snapshot, chain: this.newest });
  }
}

/** Undefined for a name of a wrong clock: nothing follows its time. */
function followed(named: NamedObject | undefined, seconds: number): NamedObject | undefined {
  return named === undefined || isFollowed(named.createdOn, seconds) ? named : undefined;
}
