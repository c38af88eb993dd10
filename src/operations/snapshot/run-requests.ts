import { Failure } from '../../runtime/failure.ts';

/**
 * What is asked of a run from outside, such as a full out of schedule. Requests belong to the run: they wait until it has begun,
 * end with it, and it waits for their end.
 */
export class RunRequests {
  readonly #location: string;
  readonly #serving = Promise.withResolvers<AbortSignal>();
  readonly #inFlight = new Set<Promise<unknown>>();

  /** `location` of the cluster is for messages. */
  constructor(location: string) {
    this.#location = location;
    // There may be no request when the run ends.
    this.#serving.promise.catch(() => undefined);
  }

  /**
   * Does `work` while requests are served; its signal aborts when the run ends. `action` is what was asked, as it reads after
   * "cannot". Throws a Failure `snapshotter_ended` when the run is over or ends before the work does, and what `work` throws.
   */
  async take<T>(action: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = await this.#serving.promise.catch((cause: unknown) => {
      throw this.#ended(action, cause);
    });
    if (signal.aborted) {
      throw this.#ended(action, signal.reason);
    }
    const result = work(signal);
    this.#inFlight.add(result);
    try {
      return await result;
    } catch (error) {
      throw signal.aborted && error === signal.reason ? this.#ended(action, error) : error;
    } finally {
      this.#inFlight.delete(result);
    }
  }

  /** Serves requests until the signal aborts. Resolves when none is in flight any more. */
  async serve(signal: AbortSignal): Promise<void> {
    this.#serving.resolve(signal);
    const aborted = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => aborted.resolve(), { once: true });
    if (!signal.aborted) {
      await aborted.promise;
    }
    while (this.#inFlight.size > 0) {
      await Promise.allSettled(this.#inFlight);
    }
  }

  /** Refuses requests that still wait for the run to begin, and all later ones. */
  close(reason: unknown): void {
    this.#serving.reject(reason);
  }

  #ended(action: string, cause: unknown): Failure {
    return new Failure({
      code: 'snapshotter_ended',
      action,
      object: this.#location,
      found: cause instanceof Failure ? `the snapshotter has failed: ${cause.message}` : 'the snapshotter has ended',
      remedy: 'ask again when it runs',
      cause,
    });
  }
}
