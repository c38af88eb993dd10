import { countText } from '../runtime/log/amount.ts';
import type { RunContext } from '../runtime/run-context.ts';

/** How long a learner lags before a warning, and before the next one, ms. */
const warnEveryMs = 10 * 60_000;

/** What is said of a learner that is not given its vote: each attempt to promote it finds that it lags. */
export class LearnerLag {
  readonly #context: Pick<RunContext, 'clock' | 'log'>;
  /** Monotonic ms; undefined while it does not lag. */
  #since: number | undefined;
  #saidAt = 0;

  constructor(context: Pick<RunContext, 'clock' | 'log'>) {
    this.#context = context;
  }

  /** It was not promoted, as it lags. */
  notReady(): void {
    const { clock, log } = this.#context;
    const now = clock.monotonic();
    if (this.#since === undefined) {
      this.#since = now;
      this.#saidAt = now;
      log.info('Our member is a learner that has not caught up yet; it gets its vote later');
    } else if (now - this.#saidAt >= warnEveryMs) {
      this.#saidAt = now;
      const minutes = countText(Math.floor((now - this.#since) / 60_000), 'minute');
      log.warn(
        `Our member is a learner that has not caught up for ${minutes}, and has no vote: look at the log of etcd, and at its disk and its ` +
          'network; no other member can join meanwhile',
      );
    }
  }

  /** It votes. */
  over(): void {
    this.#since = undefined;
  }
}
