import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** What a simulation and the thread that watches it share. */
export interface WatchedLife {
  /** How many turns the event loop has made, and how many bytes there are of {@link WatchedLife.history}. */
  readonly counts: Int32Array<SharedArrayBuffer>;
  /** The seed, the scratch directory, and each line that was told, UTF-8. */
  readonly history: Uint8Array<SharedArrayBuffer>;
  /** How much of a processor may be used within one turn, ms. */
  readonly mostMs: number;
}

/** Where the counts are. */
export const counted = { turns: 0, bytes: 1 } as const;

const usualMostMs = 60_000;
const historyBytes = 8 * 1024 * 1024;

/**
 * Ends this process where a life never lets go of its only thread, such as a loop that waits for nothing but promises that are settled: nothing
 * in the thread itself can notice that. Another thread then writes the seed and the history to stderr, and removes the life's files.
 */
export class StandstillWatch {
  readonly #life: WatchedLife;
  readonly #encoder = new TextEncoder();

  private constructor(life: WatchedLife) {
    this.#life = life;
  }

  /** Resolves when the other thread watches. */
  static async start({ mostMs = usualMostMs }: { readonly mostMs?: number } = {}): Promise<StandstillWatch> {
    const life = {
      counts: new Int32Array(new SharedArrayBuffer(8)),
      history: new Uint8Array(new SharedArrayBuffer(historyBytes)),
      mostMs,
    };
    const thread = new Worker(new URL('standstill-thread.ts', import.meta.url), { workerData: life });
    await once(thread, 'message');
    thread.unref();
    return new StandstillWatch(life);
  }

  /** Another life begins. */
  begins(seed: number, directory: string): void {
    this.turned();
    Atomics.store(this.#life.counts, counted.bytes, 0);
    this.told(String(seed));
    this.told(directory);
  }

  /** A line of its history. */
  told(line: string): void {
    const { counts, history } = this.#life;
    const at = Atomics.load(counts, counted.bytes);
    const { written } = this.#encoder.encodeInto(`${line}\n`, history.subarray(at));
    Atomics.store(counts, counted.bytes, at + written);
  }

  /** The event loop has made a turn. */
  turned(): void {
    Atomics.add(this.#life.counts, counted.turns, 1);
  }
}
