import { untilAborted } from './until-aborted.ts';

/** How to wait for a place. */
export interface SlotWait {
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Where in the queue; `last` when left out. */
  readonly place?: 'first' | 'last';
  /** How many places are taken together; one when left out. */
  readonly amount?: number;
}

/** Somebody in the queue. */
interface Waiter {
  readonly amount: number;
  readonly admit: () => void;
}

/** A number of places that are taken and given back; whoever finds too few waits, first come, first served. */
export class Semaphore {
  #free: number;
  readonly #waiting: Waiter[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when places have been taken. Rejects with the signal's reason, and then has taken none. */
  async take({ signal, place = 'last', amount = 1 }: SlotWait = {}): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = { amount, admit: resolve };
    if (place === 'first') {
      this.#waiting.unshift(waiter);
    } else {
      this.#waiting.push(waiter);
    }
    this.#admit();
    if (signal === undefined) {
      await promise;
      return;
    }
    try {
      await untilAborted(promise, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(waiter);
      if (at === -1) {
        // They were given just then.
        this.give(amount);
      } else {
        this.#waiting.splice(at, 1);
        this.#admit();
      }
      throw error;
    }
  }

  /** Gives places back; one when nothing is said. */
  give(amount = 1): void {
    this.#free += amount;
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && next.amount <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.amount;
      next.admit();
    }
  }
}
