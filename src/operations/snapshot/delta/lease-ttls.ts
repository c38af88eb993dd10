import type { EtcdCluster } from '../../../etcd/cluster.ts';
import { EtcdFailure } from '../../../etcd/etcd-failure.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { DeltaEvent } from '../../../snapshot/delta-event.ts';

/** Leases that are remembered, and leases that may wait to be asked for. */
const MOST_LEASES = 50_000;
/** Questions at once. */
const ASKERS = 4;
/** Pause before a question is put again that etcd could not answer, ms. */
const PAUSE_MS = 1_000;

/**
 * The TTLs of the leases that events name. Each lease is asked for once, beside the events and never in their way: they
 * are told without a TTL when the answer is late, or when the lease is gone by then. What is remembered is bounded; of
 * more leases than that some are asked for again, or not at all.
 */
export class LeaseTtls {
  readonly #cluster: EtcdCluster;
  readonly #context: Pick<RunContext, 'signal' | 'clock' | 'log'>;
  /** Asked for, oldest first; undefined while there is no answer. */
  readonly #asked = new Map<bigint, number | undefined>();
  readonly #waiting = new Set<bigint>();
  #learned = new Map<bigint, number>();
  #asking = 0;
  #warned = false;

  /** Stops asking when the signal aborts. */
  constructor(cluster: EtcdCluster, context: Pick<RunContext, 'signal' | 'clock' | 'log'>) {
    this.#cluster = cluster;
    this.#context = context;
  }

  /** Begins to ask for the leases of `events` that were not asked for yet. */
  look(events: readonly DeltaEvent[]): void {
    for (const event of events) {
      if (event.type === 'put' && event.lease !== 0n && !this.#asked.has(event.lease)) {
        this.#enqueue(event.lease);
      }
    }
  }

  /** TTL of a lease, seconds; undefined when it is not known by now. */
  of(lease: bigint): number | undefined {
    return this.#asked.get(lease);
  }

  /** The answers that came since the last call, seconds by lease. */
  takeLearned(): ReadonlyMap<bigint, number> {
    const learned = this.#learned;
    this.#learned = new Map();
    return learned;
  }

  /** Begins anew: a full knows the leases of its time. */
  forget(): void {
    this.#asked.clear();
  }

  #enqueue(lease: bigint): void {
    if (this.#waiting.size >= MOST_LEASES) {
      return;
    }
    for (const [oldest] of this.#asked) {
      if (this.#asked.size < MOST_LEASES) {
        break;
      }
      this.#asked.delete(oldest);
    }
    this.#asked.set(lease, undefined);
    this.#waiting.add(lease);
    if (this.#asking < ASKERS) {
      void this.#work();
    }
  }

  async #work(): Promise<void> {
    const { signal, clock } = this.#context;
    this.#asking += 1;
    for (const lease of this.#waiting) {
      this.#waiting.delete(lease);
      if (!signal.aborted && (await this.#learn(lease)) === 'again') {
        await clock.sleep(PAUSE_MS, signal).catch(() => {});
        if (this.#waiting.size < MOST_LEASES) {
          this.#waiting.add(lease);
        }
      }
    }
    this.#asking -= 1;
  }

  async #learn(lease: bigint): Promise<'done' | 'again'> {
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
        log.warn({ error }, `Some deltas may not tell the TTL of leases, which a restore has to guess then: ${error}`);
      }
      return isRefusal(error) ? 'done' : 'again';
    }
  }

  #keep(lease: bigint, seconds: number): void {
    if (this.#asked.has(lease)) {
      this.#asked.set(lease, seconds);
    }
    if (this.#learned.size < MOST_LEASES) {
      this.#learned.set(lease, seconds);
    }
  }
}

/** Whether etcd would say the same again. */
function isRefusal(error: unknown): boolean {
  return error instanceof EtcdFailure && (error.code === 'etcd_auth' || error.code === 'etcd_refused');
}
