import type { Revision } from '../../../revision.ts';
import { untilAborted } from '../../../runtime/async/until-aborted.ts';

/** The revision up to which everything has arrived; callers can wait until it is high enough. */
export class RevisionWatermark {
  #reached = 0;
  #moved = Promise.withResolvers<void>();

  /** Everything up to `revision` has arrived. */
  reach(revision: Revision): void {
    this.#reached = Math.max(this.#reached, revision);
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }

  /** Resolves when everything up to `revision` has arrived; rejects when the signal aborts. */
  async reached(revision: Revision, signal: AbortSignal): Promise<void> {
    while (this.#reached < revision) {
      await untilAborted(this.#moved.promise, signal);
    }
  }
}
