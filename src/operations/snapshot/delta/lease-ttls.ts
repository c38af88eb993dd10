import type { EtcdCluster } from '../../../etcd/cluster.ts';
import { EtcdFailure } from '../../../etcd/etcd-failure.ts';
import { Int64Map } from '../../../runtime/int64-map.ts';
import { Int64Set } from '../../../runtime/int64-set.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { DeltaEvent } from '../../../snapshot/delta-event.ts';

/** How many leases are remembered, and how many may wait for a request. */
const MOST_LEASES = 50_000;
/** Requests at once. */
const PARALLEL_REQUESTS = 4;
/** Pause before a request that failed is sent again, ms. */
const PAUSE_MS = 1_000;

/**
 * The TTLs of the leases that events name. Each lease is requested once, without holding up the events: a delta lacks the TTL
 * when the answer is late or the lease is gone. What is remembered is bounded; of more leases than that, some are requested
 * again, or not at all.
 */
export class LeaseTtls {
  readonly #cluster: EtcdCluster;
  readonly #context: Pick<RunContext, 'signal' | 'clock' | 'log'>;
  /** TTLs of the leases that were requested, oldest first; undefined while there is no answer. */
  readonly #known = new Int64Map<number | undefined>();
  readonly #waiting = new Int64Set();
  #new = new Int64Map<number>();
  #workers = 0;
  #warned = false;

  /** Sends no request any more when the signal aborts. */
  constructor(cluster: EtcdCluster, context: Pick<RunContext, 'signal' | 'clock' | 'log'>) {
    this.#cluster = cluster;
    this.#context = context;
  }

  /** Requests the TTLs of the leases of `events` that were not requested yet; does not wait for them. */
  request(events: readonly DeltaEvent[]): void {
    for (const event of events) {
      if (event.type === 'put' && event.lease !== 0n && !this.#known.has(event.lease)) {
        this.#enqueue(event.lease);
      }
    }
  }

  /** TTL of a lease, seconds; undefined when it is not known yet. */
  of(lease: bigint): number | undefined {
    return this.#known.get(lease);
  }

  /** The TTLs that came since the last call, seconds by lease. */
  takeNew(): Int64Map<number> {
    const ttls = this.#new;
    this.#new = new Int64Map();
    return ttls;
  }

  /** Forgets all: a full holds the leases of its time. */
  forget(): void {
    this.#known.clear();
  }

  #enqueue(lease: bigint): void {
    if (this.#waiting.size >= MOST_LEASES) {
      return;
    }
    for (const [oldest] of this.#known) {
      if (this.#known.size < MOST_LEASES) {
        break;
      }
      this.#known.delete(oldest);
    }
    this.#known.set(lease, undefined);
    this.#waiting.add(lease);
    if (this.#workers < PARALLEL_REQUESTS) {
      void this.#work();
    }
  }

  async #work(): Promise<void> {
    const { signal, clock } = this.#context;
    this.#workers += 1;
    for (const lease of this.#waiting) {
      this.#waiting.delete(lease);
      if (!signal.aborted && (await this.#fetch(lease)) === 'again') {
        await clock.sleep(PAUSE_MS, signal).catch(() => {});
        if (this.#waiting.size < MOST_LEASES) {
          this.#waiting.add(lease);
        }
      }
    }
    this.#workers -= 1;
  }

  async #fetch(lease: bigint): Promise<'done' | 'again'> {
    const { signal, log } = this.#context;
    try {
      const seconds = await this.#cluster.leaseTtl(lease, { signal });
      if (seconds !== undefined) {
        this.#keep(lease, seconds);
      }
      return 'done';
    } catch (error) {
      if (!this.#warned && !signal.aborted) {
        this.#warned = true;
        log.warn({ error }, `Some deltas may lack the TTLs of leases, which a restore then has to guess: ${error}`);
      }
      return isRefusal(error) ? 'done' : 'again';
    }
  }

  #keep(lease: bigint, seconds: number): void {
    if (this.#known.has(lease)) {
      this.#known.set(lease, seconds);
    }
    if (this.#new.size < MOST_LEASES) {
      this.#new.set(lease, seconds);
    }
  }
}

/** Whether another request would get the same answer. */
function isRefusal(error: unknown): boolean {
  return error instanceof EtcdFailure && (error.code === 'etcd_auth' || error.code === 'etcd_refused');
}
