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
 * What can be at one moment: so many things that happen, and so many turns of the event loop until all is idle. Several hundred times what
 * there is where nothing goes round in circles.
 */
const atOnceAtMost = { happenings: 20_000, turns: 200_000 };

/** Something goes round in circles, and no time passes. */
export class EndlessMoment extends Error {
  override readonly name = 'EndlessMoment';

  constructor(at: number, found: string) {
    super(`no end is seen of what happens at ${(at / 1_000).toFixed(3)} s: ${found}`);
  }
}

/** Who wants to know of each turn of the event loop. */
export interface VirtualTimeOptions {
  /** When it aborts, {@link VirtualTime.pass} throws its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onTurn?: (() => void) | undefined;
}

/**
 * The only time of a simulation: it stands still while anything works, and jumps to the next happening when all is idle. Those of one
 * moment come one by one, in the order in which they were planned.
 */
export class VirtualTime {
  /** Latest first. */
  readonly #entries: Entry[] = [];
  readonly #options: VirtualTimeOptions;
  #now = 0;
  #planned = 0;
  #happened = 0;
  /** How many things have happened at this moment. */
  #happenedNow = 0;

  constructor(options: VirtualTimeOptions = {}) {
    this.#options = options;
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

  /** Lets `ms` milliseconds pass with all that happens in them. Throws an {@link EndlessMoment} where that does not end. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.settle();
    for (let next = this.#entries.at(-1); next !== undefined && next.at <= until; next = this.#entries.at(-1)) {
      this.#entries.pop();
      if (next.run !== undefined) {
        this.#happens(next.at);
        next.run();
        await this.settle();
        this.#options.signal?.throwIfAborted();
      }
    }
    this.#now = until;
  }

  /** Resolves when nothing works any more: all wait for a later moment. */
  async settle(): Promise<void> {
    let turns = 0;
    do {
      await turn();
      this.#options.onTurn?.();
      turns += 1;
      if (turns > atOnceAtMost.turns) {
        throw new EndlessMoment(this.#now, `after ${atOnceAtMost.turns} turns of the event loop it is not idle`);
      }
    } while (process.getActiveResourcesInfo().some((kind) => work.has(kind)));
  }

  #happens(at: number): void {
    this.#happenedNow = at === this.#now ? this.#happenedNow + 1 : 1;
    this.#now = at;
    this.#happened += 1;
    if (this.#happenedNow > atOnceAtMost.happenings) {
      throw new EndlessMoment(at, `${atOnceAtMost.happenings} things have happened, and more wait`);
    }
  }
}

/** What is left for the next turn of the event loop, and calls to the file system where they are not done at once. */
const work: ReadonlySet<string> = new Set(['Immediate', 'FSReqPromise', 'FSReqCallback', 'CloseReq']);
