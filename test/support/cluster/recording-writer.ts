import { setTimeout as sleep } from 'node:timers/promises';
import type { PodCluster } from './pod-cluster.ts';

/** A write that a quorum has acknowledged. */
export interface AcknowledgedWrite {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
  /** Monotonic ms. */
  readonly at: number;
}

/** How long an answer is waited for, ms. */
const answerMs = 3_000;
const pauseMs = 25;

/** Writes keys, each once and never again, to the member that answers, and records what was acknowledged. */
export class RecordingWriter {
  readonly #cluster: PodCluster;
  readonly #prefix: string;
  #acknowledged: AcknowledgedWrite[] = [];
  #forgotten: readonly AcknowledgedWrite[] = [];
  #number = 0;
  #stopping = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #longestSilenceMs = 0;
  #answeredAt = performance.now();

  /** `prefix` of the keys has to be its own. */
  constructor(cluster: PodCluster, prefix: string) {
    this.#cluster = cluster;
    this.#prefix = prefix;
  }

  get acknowledged(): readonly AcknowledgedWrite[] {
    return this.#acknowledged;
  }

  /** What must not be there any more, since the cluster was put back. */
  get forgotten(): readonly AcknowledgedWrite[] {
    return this.#forgotten;
  }

  get prefix(): string {
    return this.#prefix;
  }

  /** The highest revision that was acknowledged. */
  get newest(): number {
    return this.#acknowledged.at(-1)?.revision ?? 0;
  }

  /** The longest time in which no write was acknowledged, ms. */
  get longestSilenceMs(): number {
    return this.#longestSilenceMs;
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#answeredAt = performance.now();
    this.#work = this.#write(this.#stopping.signal);
  }

  /** Ends with the write that goes on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  /** What came after `revision` is not to be there any more, since the cluster was put back. */
  forgetAfter(revision: number): void {
    this.#forgotten = [...this.#forgotten, ...this.#acknowledged.filter((write) => write.revision > revision)];
    this.#acknowledged = this.#acknowledged.filter((write) => write.revision <= revision);
  }

  /** Resolves when so many more writes were acknowledged. */
  async more(count: number, timeoutMs = 120_000): Promise<void> {
    const wanted = this.#acknowledged.length + count;
    const deadline = performance.now() + timeoutMs;
    while (this.#acknowledged.length < wanted) {
      if (performance.now() > deadline) {
        throw new Error(this.#cluster.describe(`no ${count} writes were acknowledged in ${timeoutMs} ms`));
      }
      await sleep(20);
    }
  }

  async #write(stop: AbortSignal): Promise<void> {
    let turn = 0;
    while (!stop.aborted) {
      const pods = this.#cluster.members;
      const pod = pods[turn % pods.length];
      const key = `${this.#prefix}${String(this.#number).padStart(7, '0')}`;
      const value = `value ${this.#number}`;
      // An attempt without an answer may have been made: its key is not used again.
      this.#number += 1;
      try {
        const revision = (await pod?.gateway.put(key, value, { timeoutMs: answerMs })) ?? 0;
        const at = performance.now();
        this.#acknowledged.push({ key, value, revision, at });
        this.#longestSilenceMs = Math.max(this.#longestSilenceMs, at - this.#answeredAt);
        this.#answeredAt = at;
        await sleep(pauseMs);
      } catch {
        turn += 1;
        await sleep(100);
      }
    }
  }
}
