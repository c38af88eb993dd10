import { setImmediate as turn } from 'node:timers/promises';

/** Something that happens at its time unless it is cancelled before. */
export interface Happening {
  cancel(): void;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * The only time of a simulation: it stands still while anything works, and jumps to the next happening when all is idle. Those of one
 * moment come one by one, in the order in which they were planned.
 */
export class VirtualTime {
  /** Latest first. */
  readonly #entries: Entry[] = [];
  readonly #signal: AbortSignal | undefined;
  #now = 0;
  #planned = 0;
  #happened = 0;

  /** When `signal` aborts, {@link pass} throws its reason. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** ms since the simulation began. */
  get now(): number {
    return this.#now;
  }

  /** How many things have happened. */
  get happened(): number {
    return this.#happened;
  }

  /** Plans `run` in `ms` milliseconds. */
  after(ms: number, run: () => void): Happening {
    this.#planned += 1;
    const entry: Entry = { at: this.#now + Math.max(0, ms), order: this.#planned, run };
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#entries[middle];
      if (other !== undefined && (other.at > entry.at || (other.at === entry.at && other.order > entry.order))) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    this.#entries.splice(low, 0, entry);
    return {
      cancel: () => {
        entry.run = undefined;
      },
    };
  }

  /** Lets `ms` milliseconds pass with all that happens in them. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.settle();
    for (let next = this.#entries.at(-1); next !== undefined && next.at <= until; next = this.#entries.at(-1)) {
      this.#entries.pop();
      if (next.run !== undefined) {
        this.#now = next.at;
        this.#happened += 1;
        next.run();
        await this.settle();
        this.#signal?.throwIfAborted();
      }
    }
    this.#now = until;
  }

  /** Resolves when nothing works any more: all wait for a later moment. */
  async settle(): Promise<void> {
    do {
      await turn();
    } while (process.getActiveResourcesInfo().some((kind) => work.has(kind)));
  }
}

/** What is left for the next turn of the event loop, and calls to the file system where they are not done at once. */
const work: ReadonlySet<string> = new Set(['Immediate', 'FSReqPromise', 'FSReqCallback', 'CloseReq']);
