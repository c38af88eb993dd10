import type { Revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { mayBeLeft, type UnprovenContinuation, unprovenIn } from '../../../snapshot/history/unproven-continuation.ts';
import type { StoredSnapshot, StoreListing } from '../../../snapstore/snapstore.ts';
import { StoreError } from '../../../snapstore/store-error.ts';
import type { ReadDatabase } from './history-break.ts';
import { type DoubtfulFull, markDoubt } from './mark-doubt.ts';

/** So many unproven fulls are remembered: hourly ones of forty days. */
const MOST_UNPROVEN = 1_000;

/** The fulls of a run of which nothing proves that their cluster continues all that was stored before. */
export class ContinuationDoubts {
  /** Of the database that was compared last: up to where it is proved to continue what is stored, where that is less than all of it. */
  #provedUpTo: Revision | undefined;
  #unproven: readonly UnprovenContinuation[] = [];
  /** Those that no marker in the store tells of. */
  #unmarked: readonly UnprovenContinuation[] = [];

  /** The newest ones. */
  get unproven(): readonly UnprovenContinuation[] {
    return this.#unproven;
  }

  /** A database was compared: it is proved up to `upTo` only; undefined where nothing is in doubt. */
  compared(upTo: Revision | undefined): void {
    this.#provedUpTo = upTo;
  }

  /** Without what may be of another history: that proves nothing of the one that is followed. */
  withoutDoubtful(snapshots: readonly StoredSnapshot[], { markers }: StoreListing): readonly StoredSnapshot[] {
    const doubts = unprovenIn(markers, this.#unproven);
    return snapshots.filter((each) => !doubts.some((doubt) => mayBeLeft(each, doubt)));
  }

  /**
   * A full of `database` is about to be stored. Where the comparison has left something in doubt, a marker in the store says so; one that
   * cannot be written is no failure, the next full tries again.
   */
  async storing(
    { createdOn, database }: { readonly createdOn: number; readonly database: ReadDatabase },
    place: DoubtfulFull,
    context: Pick<RunContext, 'signal' | 'log'>,
  ): Promise<void> {
    if (this.#provedUpTo !== undefined) {
      const unproven = { after: this.#provedUpTo, upTo: database.lastRevision, takenOn: createdOn };
      this.#unproven = [...this.#unproven, unproven].slice(-MOST_UNPROVEN);
      this.#unmarked = [...this.#unmarked, unproven].slice(-MOST_UNPROVEN);
      this.#provedUpTo = undefined;
    }
    for (const doubt of this.#unmarked) {
      try {
        await markDoubt(place, doubt, context);
        this.#unmarked = this.#unmarked.filter((each) => each !== doubt);
      } catch (error) {
        if (!(error instanceof StoreError)) {
          throw error;
        }
        context.log.warn(
          { error },
          `What is in doubt could not be marked, and is known to this run only: ${error.message}`,
        );
        return;
      }
    }
  }
}
