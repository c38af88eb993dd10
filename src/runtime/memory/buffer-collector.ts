import { CountedSwitch } from './counted-switch.ts';

/** Bytes that may become garbage before the young objects are searched for their buffers, which takes a millisecond. */
const YOUNG_AFTER = 4 * 1024 * 1024;

/** Bytes that may become garbage before all objects are searched for buffers that were young for too long, which takes 20 ms. */
const ALL_AFTER = 64 * 1024 * 1024;

/** Collects garbage at once: only that of `young` objects, of `all`, or all and what is left of their memory, too. */
export type CollectGarbage = (what: 'young' | 'all' | 'all and memory') => void;

/** While it is open, unused buffers of one operation are collected early. */
export interface BufferCollection extends Disposable {
  /** Says that buffers of so many bytes are not used any more. */
  discarded(bytes: number): void;
  /**
   * Collects all garbage now: between two stages of work, of which the next should find the memory of the last. Where the
   * operation has discarded a few megabytes at most, there is too little to stop the program for.
   */
  collect(): void;
}

/**
 * Collects the buffers that operations leave. V8 looks for garbage when its own heap has grown; a buffer is a small object
 * there however large it is, and tens of megabytes pile up otherwise. Operations at the same time share one count of bytes:
 * a collection serves them all.
 */
export class BufferCollector {
  readonly #switch: CountedSwitch;
  #collectGarbage: CollectGarbage | undefined;
  #sinceYoung = 0;
  #sinceAll = 0;

  /** `open` gives the means to collect when the first operation needs it. */
  constructor(open: () => CollectGarbage) {
    this.#switch = new CountedSwitch((to) => {
      this.#collectGarbage = to === 'on' ? open() : undefined;
      this.#sinceYoung = 0;
      this.#sinceAll = 0;
    });
  }

  /** Begins with an operation. */
  begin(): BufferCollection {
    const scope = this.#switch.scope();
    let discarded = 0;
    return {
      discarded: (bytes) => {
        discarded += bytes;
        this.#discarded(bytes);
      },
      collect: () => {
        if (discarded >= YOUNG_AFTER) {
          this.#collect('all and memory');
        }
      },
      [Symbol.dispose]: () => scope[Symbol.dispose](),
    };
  }

  #discarded(bytes: number): void {
    this.#sinceYoung += bytes;
    this.#sinceAll += bytes;
    if (this.#sinceAll >= ALL_AFTER) {
      this.#collect('all');
    } else if (this.#sinceYoung >= YOUNG_AFTER) {
      this.#collect('young');
    }
  }

  #collect(what: Parameters<CollectGarbage>[0]): void {
    this.#sinceYoung = 0;
    if (what !== 'young') {
      this.#sinceAll = 0;
    }
    this.#collectGarbage?.(what);
  }
}
