import type { Clock } from '../runtime/clock.ts';
import type { Sidecar } from './sidecar.ts';

/** How long the question who leads may take, ms. */
const boundMs = 10_000;

/** Asks etcd who leads: once for all callers at the same time, so that requests do not multiply there. */
export class LeaderLookup {
  readonly #sidecar: Pick<Sidecar, 'leaderClientUrl'>;
  readonly #clock: Clock;
  #running: Promise<string | undefined> | undefined;

  constructor(sidecar: Pick<Sidecar, 'leaderClientUrl'>, clock: Clock) {
    this.#sidecar = sidecar;
    this.#clock = clock;
  }

  /** The first client URL of the leader; undefined without one. Rejects when etcd does not say it in time, or fails. */
  find(): Promise<string | undefined> {
    this.#running ??= this.#ask().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #ask(): Promise<string | undefined> {
    const asking = new AbortController();
    const waiting = new AbortController();
    const late = Promise.withResolvers<never>();
    this.#clock.sleep(boundMs, waiting.signal).then(
      () => {
        const reason = new Error(`etcd does not say within ${boundMs / 1_000} s who leads`);
        asking.abort(reason);
        late.reject(reason);
      },
      () => {},
    );
    try {
      return await Promise.race([this.#sidecar.leaderClientUrl({ signal: asking.signal }), late.promise]);
    } finally {
      waiting.abort();
    }
  }
}
