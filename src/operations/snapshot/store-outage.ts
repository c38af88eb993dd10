import { Backoff, type BackoffPolicy } from '../../runtime/async/backoff.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { StoreError } from '../../snapstore/store-error.ts';
import { noListener, type SnapshotterListener } from './events.ts';

/** How long a store may fail, and how often it is tried meanwhile. */
export interface StoreOutageOptions {
  /** For messages. */
  readonly location: string;
  /** The snapshotter fails when the store has failed for this long, ms. */
  readonly maxOutageMs: number;
  readonly backoff: BackoffPolicy;
  readonly listener?: SnapshotterListener;
}

/** How long an attempt may go on. */
export interface PersistBounds {
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** From then on waits are short, since `signal` follows soon. */
  readonly ending: AbortSignal;
  /** True when the attempt only reads: its success does not show that the options for writing are right. */
  readonly onlyReads?: boolean;
}

/** The longest wait when the end has begun, ms. */
const longestWaitAtEndMs = 500;

/** Tries again what a store refuses until it works, for fulls and deltas together: what fails for one fails for the other. */
export class StoreOutageRetry {
  readonly #options: StoreOutageOptions;
  readonly #context: Pick<RunContext, 'clock' | 'log'>;
  readonly #listener: SnapshotterListener;
  /** When the store failed first since it last worked, monotonic ms. */
  #failingSince: number | undefined;
  #hasWorked = false;
  #failure: StoreError | undefined;

  constructor(options: StoreOutageOptions, context: Pick<RunContext, 'clock' | 'log'>) {
    this.#options = options;
    this.#context = context;
    this.#listener = options.listener ?? noListener;
  }

  /**
   * Does `attempt` until it succeeds. `action` is what is done, as it reads after "cannot". Before anything has ever worked, only transient
   * failures are tried again: the others are then faults of the options. Once it has worked, any failure may be due to a proxy, a rule or
   * an administrator, and pass. Throws a Failure `store_outage` once the store has failed for too long, and whatever else `attempt` throws.
   */
  async persist<T>(action: string, attempt: () => Promise<T>, bounds: PersistBounds): Promise<T> {
    const backoff = new Backoff(this.#options.backoff);
    for (;;) {
      try {
        const result = await attempt();
        this.#noteSuccess(bounds);
        return result;
      } catch (error) {
        bounds.signal.throwIfAborted();
        if (!(error instanceof StoreError) || !this.#isWorthWaiting(error)) {
          throw error;
        }
        this.#failure = error;
        const leftMs = this.#options.maxOutageMs - this.#noteFailure();
        if (leftMs <= 0) {
          throw this.#outage(action, error);
        }
        const nextMs = backoff.nextMs();
        const waitMs = Math.min(bounds.ending.aborted ? Math.min(nextMs, longestWaitAtEndMs) : nextMs, leftMs);
        const text = `Trying to ${action} again in ${waitMs / 1_000} s: ${error.message}`;
        this.#context.log.warn({ error, waitMs }, text);
        await this.#wait(waitMs, bounds);
      }
    }
  }

  /** What the store failed with most recently; undefined while it works. */
  get failure(): StoreError | undefined {
    return this.#failure;
  }

  #isWorthWaiting(error: StoreError): boolean {
    return error.kind === 'transient' || this.#hasWorked;
  }

  #noteSuccess({ onlyReads = false }: PersistBounds): void {
    const { clock, log } = this.#context;
    this.#hasWorked ||= !onlyReads;
    this.#failure = undefined;
    if (this.#failingSince !== undefined) {
      const seconds = (clock.monotonic() - this.#failingSince) / 1_000;
      this.#failingSince = undefined;
      this.#listener({ type: 'outage ended', seconds });
      log.info(`The store works again after ${Math.round(seconds)} s`);
    }
  }

  /** Returns how long the store has failed, ms. */
  #noteFailure(): number {
    const now = this.#context.clock.monotonic();
    if (this.#failingSince === undefined) {
      this.#failingSince = now;
      this.#listener({ type: 'outage begun', location: this.#options.location });
      return 0;
    }
    const failedMs = now - this.#failingSince;
    this.#listener({ type: 'outage goes on', seconds: failedMs / 1_000 });
    return failedMs;
  }

  async #wait(ms: number, { signal, ending }: PersistBounds): Promise<void> {
    const cut = ending.aborted ? signal : AbortSignal.any([signal, ending]);
    try {
      await this.#context.clock.sleep(ms, cut);
    } catch (error) {
      signal.throwIfAborted();
      if (!ending.aborted) {
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
      found: `the store has failed for ${Math.round(maxOutageMs / 1_000)} s, most recently with: ${cause.message}`,
      remedy: 'mend the store, or give it more time with --max-store-outage',
      cause,
    });
  }
}
