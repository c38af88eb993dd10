import { type Revision, revision } from '../../revision.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { noListener, type SnapshotterListener } from './events.ts';
import type { StoredChain } from './stored-chain.ts';

/** A full that is being uploaded. */
interface AnnouncedFull {
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
  #namedDelta: { readonly lastRevision: Revision; readonly createdOn: number } | undefined;
  /** Where deltas end that were named since a full was begun. */
  readonly #namedEnds = new Set<Revision>();
  #announced: AnnouncedFull | undefined;
  #needed = revision(0);
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

  /** A full is about to be read, which must reach {@link needed} as it is now. */
  beginFull(): void {
    this.#namedEnds.clear();
    this.#needed = revision(Math.max(this.#covered, this.#namedDelta?.lastRevision ?? 0));
  }

  /**
   * The revision that the full that was begun must reach: deltas up to there were named before, and none that reaches beyond a
   * full may be older than it.
   */
  get needed(): Revision {
    return this.#needed;
  }

  /**
   * Whether a full that was begun and ends here fits to the deltas that were named meanwhile: one that ends where the full ends
   * would have to be older, and those that follow it younger.
   */
  fits(lastRevision: Revision): boolean {
    return !this.#namedEnds.has(lastRevision) || this.#namedDelta?.lastRevision === lastRevision;
  }

  /**
   * Announces a full and gives its creation time in seconds. A delta that ends where the full ends has to be older:
   * readers take one of the same age or younger for a continuation, of which the Go program repeats every event.
   */
  announceFull(lastRevision: Revision, seconds: number): number {
    const { lastRevision: deltaEnd, createdOn: deltaTime } = this.#namedDelta ?? { createdOn: 0 };
    const createdOn = deltaEnd === lastRevision ? Math.max(seconds, deltaTime + 1) : seconds;
    this.#announced = { lastRevision, createdOn };
    return createdOn;
  }

  /** The full that was announced will not come. */
  withdrawFull(): void {
    this.#announced = undefined;
  }

  /** The creation time for a delta that ends at `lastRevision` and is written at `seconds`. */
  deltaTime(lastRevision: Revision, seconds: number): number {
    const full = this.#announced;
    const createdOn =
      full !== undefined && lastRevision <= full.lastRevision ? Math.min(seconds, full.createdOn - 1) : seconds;
    this.#namedDelta = { lastRevision, createdOn };
    this.#namedEnds.add(lastRevision);
    return createdOn;
  }

  /** A new history begins: nothing that is in the store belongs to it. */
  leave(): void {
    this.#covered = revision(0);
    this.#full = undefined;
    this.#deltas = [];
    this.#namedDelta = undefined;
    this.#namedEnds.clear();
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
    this.#listener({ type: 'stored', snapshot, chain: this.newest });
  }
}
