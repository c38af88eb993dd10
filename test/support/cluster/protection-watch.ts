import { setTimeout as sleep } from 'node:timers/promises';
import { newestChain } from '../../../src/snapshot/chain.ts';
import { historiesOf } from '../../../src/snapshot/history/histories.ts';
import type { SnapStore } from '../../../src/snapstore/snapstore.ts';
import type { RecordingWriter } from './recording-writer.ts';

/** Between two looks, ms. */
const lookEveryMs = 500;

/** Up to which revision a store leads, along the history that goes on; 0 for an empty one. Throws where revisions are missing. */
export async function coveredRevision(store: SnapStore): Promise<number> {
  const { snapshots, markers } = await store.list({ signal: AbortSignal.timeout(30_000) });
  const plan = newestChain(historiesOf(snapshots, markers).living.snapshots);
  if (plan.outcome === 'gap') {
    throw new Error(`the newest chain has a hole:\n${snapshots.map(({ name }) => name).join('\n')}`);
  }
  return plan.outcome === 'chain' ? plan.lastRevision : 0;
}

/** Watches, all the time, how old the oldest acknowledged write is that the store does not hold. */
export class ProtectionWatch {
  readonly #store: SnapStore;
  readonly #writer: RecordingWriter;
  readonly #stopping = new AbortController();
  readonly #work: Promise<void>;
  #oldestMs = 0;
  /** What was wrong with the store at any time, once each. */
  readonly wrong = new Set<string>();

  constructor(store: SnapStore, writer: RecordingWriter) {
    this.#store = store;
    this.#writer = writer;
    this.#work = this.#watch(this.#stopping.signal);
  }

  /** The longest time for which an acknowledged write was not in the store, ms. */
  get oldestMs(): number {
    return this.#oldestMs;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  async #watch(stop: AbortSignal): Promise<void> {
    let next = 0;
    while (!stop.aborted) {
      const at = performance.now();
      try {
        const covered = await coveredRevision(this.#store);
        const writes = this.#writer.acknowledged;
        // The record becomes shorter when a cluster is put back.
        next = Math.min(next, writes.length);
        while ((writes[next]?.revision ?? Number.POSITIVE_INFINITY) <= covered) {
          next += 1;
        }
        const oldest = writes[next];
        this.#oldestMs = Math.max(this.#oldestMs, oldest === undefined ? 0 : at - oldest.at);
      } catch (error) {
        if (error instanceof DOMException && error.name === 'TimeoutError') {
          // A machine that stands still says nothing of the store; it is looked at again.
          continue;
        }
        this.wrong.add(error instanceof Error ? error.message : String(error));
      }
      await sleep(lookEveryMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}
