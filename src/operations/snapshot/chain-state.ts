import { type BackupMetrics, noMetrics } from '../../metrics/backup-metrics.ts';
import { type Revision, revision } from '../../revision.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';

/** A full that is on its way into the store. */
export interface FullOnItsWay {
  readonly lastRevision: Revision;
  /** Seconds since the epoch. */
  readonly createdOn: number;
}

/** What a snapshotter has put into the store since it started, and how the next objects have to fit to it. */
export class ChainState {
  readonly #metrics: BackupMetrics;
  #covered = revision(0);
  #lastFull: StoredSnapshot | undefined;
  /** The newest delta that was named; it may still be on its way. */
  #namedDelta: { readonly lastRevision: Revision; readonly createdOn: number } | undefined;
  /** Where deltas end that are in the store and reach beyond the newest full. */
  #behind: readonly Revision[] = [];
  /** Where deltas end that were named since a full was begun. */
  readonly #ends = new Set<Revision>();
  #onItsWay: FullOnItsWay | undefined;

  constructor(metrics: BackupMetrics = noMetrics) {
    this.#metrics = metrics;
  }

  /** Every change up to here can be restored. */
  get covered(): Revision {
    return this.#covered;
  }

  /** The newest full, once there is one. */
  get lastFull(): StoredSnapshot | undefined {
    return this.#lastFull;
  }

  /** Deltas that reach beyond the newest full, and how many revisions they reach beyond it. */
  get length(): { readonly deltas: number; readonly revisions: number } {
    return { deltas: this.#behind.length, revisions: Math.max(0, this.#covered - (this.#lastFull?.lastRevision ?? 0)) };
  }

  /** Goes on from a backup that is in the store: a full and deltas that follow it without a hole. */
  resume(base: StoredSnapshot, deltas: readonly StoredSnapshot[]): void {
    for (const snapshot of [base, ...deltas]) {
      this.stored(snapshot);
    }
    this.#namedDelta = deltas.at(-1);
  }

  /**
   * A full is about to be read. Gives the revision that it must reach: deltas up to there are named already, and none that reaches
   * beyond a full may be older than it.
   */
  beginFull(): Revision {
    this.#ends.clear();
    return revision(Math.max(this.#covered, this.#namedDelta?.lastRevision ?? 0));
  }

  /**
   * Whether a full that was begun and ends here fits to the deltas that were named meanwhile: one that ends where the full ends
   * would have to be older, and those behind it younger.
   */
  fits(lastRevision: Revision): boolean {
    return !this.#ends.has(lastRevision) || this.#namedDelta?.lastRevision === lastRevision;
  }

  /**
   * Announces a full and gives its creation time in seconds. A delta that ends where the full ends has to be older:
   * readers take one of the same age or younger for a continuation, of which the Go program repeats every event.
   */
  announceFull(lastRevision: Revision, seconds: number): number {
    const { lastRevision: deltaEnd = -1, createdOn: deltaTime = 0 } = this.#namedDelta ?? {};
    const createdOn = deltaEnd === lastRevision ? Math.max(seconds, deltaTime + 1) : seconds;
    this.#onItsWay = { lastRevision, createdOn };
    return createdOn;
  }

  /** The full that was announced will not come. */
  withdrawFull(): void {
    this.#onItsWay = undefined;
  }

  /** The creation time for a delta that ends at `lastRevision` and is written at `seconds`. */
  deltaTime(lastRevision: Revision, seconds: number): number {
    const full = this.#onItsWay;
    const createdOn =
      full !== undefined && lastRevision <= full.lastRevision ? Math.min(seconds, full.createdOn - 1) : seconds;
    this.#namedDelta = { lastRevision, createdOn };
    this.#ends.add(lastRevision);
    return createdOn;
  }

  /** A snapshot is in the store now. */
  stored(snapshot: StoredSnapshot): void {
    if (snapshot.kind === 'Full') {
      this.#lastFull = snapshot;
      this.#onItsWay = undefined;
    } else {
      this.#behind = [...this.#behind, snapshot.lastRevision];
    }
    const fullEnd = this.#lastFull?.lastRevision ?? -1;
    this.#behind = this.#behind.filter((end) => end > fullEnd);
    this.#covered = revision(Math.max(this.#covered, snapshot.lastRevision));
    const { kind, lastRevision, createdOn, size } = snapshot;
    this.#metrics.latestSnapshot({ kind, revision: lastRevision, createdOn, size });
    this.#metrics.chainLength(this.length);
  }
}
