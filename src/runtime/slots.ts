import { untilAborted } from './until-aborted.ts';

/** How to wait for a place. */
export interface SlotWait {
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Where in the queue; `last` when left out. */
  readonly place?: 'first' | 'last';
}

/** A number of places that are taken and given back; whoever finds none waits, first come, first served. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when a place has been taken. Rejects with the signal's reason, and then has taken none. */
  async take({ signal, place = 'last' }: SlotWait = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    if (place === 'first') {
      this.#waiting.unshift(resolve);
    } else {
      this.#waiting.push(resolve);
    }
    if (signal === undefined) {
      await promise;
      return;
    }
    try {
      await untilAborted(promise, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(resolve);
      if (at === -1) {
        // It was given just then.
        this.give();
      } else {
        this.#waiting.splice(at, 1);
      }
      throw error;
    }
  }

  /** Gives a place back. */
  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#free += 1;
    } else {
      next();
    }
  }
}
