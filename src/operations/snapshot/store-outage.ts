import { type BackupMetrics, noMetrics } from '../../metrics/backup-metrics.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { StoreError } from '../../snapstore/store-error.ts';

/** How long a store may refuse to work. */
export interface StoreOutageRetryOptions {
  /** For messages. */
  readonly location: string;
  /** After this long without a success the snapshotter gives up, ms. */
  readonly maxOutageMs: number;
  readonly metrics?: BackupMetrics;
}

/** Aborts when whoever tries has been told to stop: from then on pauses are short, until `signal` ends it all. */
export interface PersistBounds {
  readonly signal: AbortSignal;
  readonly stop: AbortSignal;
}

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
const hurriedPauseMs = 500;

/** Tries what a store refuses again until it works, for fulls and deltas together: what one learns the other knows. */
export class StoreOutageRetry {
  readonly #options: StoreOutageRetryOptions;
  readonly #context: Pick<RunContext, 'clock' | 'log'>;
  readonly #metrics: BackupMetrics;
  /** Of the first failure without a success after it, monotonic ms. */
  #failingSince: number | undefined;
  #hasWorked = false;

  constructor(options: StoreOutageRetryOptions, context: Pick<RunContext, 'clock' | 'log'>) {
    this.#options = options;
    this.#context = context;
    this.#metrics = options.metrics ?? noMetrics;
  }

  /**
   * Does `attempt` until it succeeds. `action` says what is done, as it reads after "cannot". Before anything has ever
   * worked, only transient failures are tried again: the rest are then faults of the options.
   * Throws a Failure `store_outage` once the store has failed for too long, and whatever else `attempt` throws.
   */
  async persist<T>(action: string, attempt: () => Promise<T>, { signal, stop }: PersistBounds): Promise<T> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const result = await attempt();
        this.#note('works');
        return result;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof StoreError) || !this.#isWorthWaiting(error)) {
          throw error;
        }
        const left = this.#options.maxOutageMs - this.#note('fails');
        if (left <= 0) {
          throw this.#outage(action, error);
        }
        const pause = Math.min(stop.aborted ? hurriedPauseMs : pauseMs, left);
        this.#context.log.warn(
          { error, pauseMs: pause },
          `Trying to ${action} again in ${pause / 1_000} s: ${error.message}`,
        );
        await this.#pause(pause, { signal, stop });
      }
    }
  }

  #isWorthWaiting(error: StoreError): boolean {
    return error.kind === 'transient' || (this.#hasWorked && error.kind !== 'invalid');
  }

  /** Returns how long the store has failed, ms. */
  #note(state: 'works' | 'fails'): number {
    const { clock, log } = this.#context;
    const now = clock.monotonic();
    const since = this.#failingSince;
    if (state === 'works') {
      this.#hasWorked = true;
      this.#failingSince = undefined;
      this.#metrics.storeOutage(0);
      if (since !== undefined) {
        log.info(`The store works again after ${Math.round((now - since) / 1_000)} s`);
      }
      return 0;
    }
    this.#failingSince ??= now;
    this.#metrics.storeOutage((now - this.#failingSince) / 1_000);
    return now - this.#failingSince;
  }

  async #pause(ms: number, { signal, stop }: PersistBounds): Promise<void> {
    const cut = stop.aborted ? signal : AbortSignal.any([signal, stop]);
    try {
      await this.#context.clock.sleep(ms, cut);
    } catch (error) {
      signal.throwIfAborted();
      if (!stop.aborted) {
        throw error;
      }
    }
  }

  #outage(action: string, cause: StoreError): Failure {
    const { location, maxOutageMs } = this.#options;
    return new Failure({
      code: 'store_outage',
      action,
      object: location,
      found: `the store has failed for ${Math.round(maxOutageMs / 1_000)} s, at last so: ${cause.message}`,
      remedy: 'mend the store, or give it more time with --max-store-outage',
      cause,
    });
  }
}
