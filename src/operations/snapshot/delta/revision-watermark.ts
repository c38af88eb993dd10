import { type Revision, revision } from '../../../revision.ts';
import { untilAborted } from '../../../runtime/async/until-aborted.ts';

/** The revision up to which everything has arrived, and that up to which something is to come; callers can wait for it. */
export class RevisionWatermark {
  #reached = 0;
  #expected = 0;
  #reports = 0;
  #moved = Promise.withResolvers<void>();

  /** Everything up to `reached` has arrived. */
  reach(reached: Revision): void {
    this.#reports += 1;
    this.#reached = Math.max(this.#reached, reached);
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }

  /** etcd has accepted changes up to `accepted`, which are to arrive. */
  expect(accepted: Revision): void {
    this.#expected = Math.max(this.#expected, accepted);
  }

  /** The newest revision that is known, whether it has arrived or not; 0 when none is. */
  get known(): Revision {
    return revision(Math.max(this.#reached, this.#expected));
  }

  /** A new history begins, of which everything up to `reached` has arrived. */
  restart(reached: Revision): void {
    this.#reached = reached;
    this.#expected = reached;
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }

  /** How often {@link reach} was called: it grows while etcd is heard of. */
  get reports(): number {
    return this.#reports;
  }

  /** Resolves when everything up to `wanted` has arrived; rejects when the signal aborts. */
  async reached(wanted: Revision, signal: AbortSignal): Promise<void> {
    while (this.#reached < wanted) {
      await untilAborted(this.#moved.promise, signal);
    }
  }
}
