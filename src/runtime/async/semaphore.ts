import { untilAborted } from './until-aborted.ts';

/** How to wait for permits. */
export interface SemaphoreWait {
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Where in the queue; `last` when left out. */
  readonly place?: 'first' | 'last';
  /** How many permits are taken at once; one when left out. */
  readonly amount?: number;
}

/** A caller in the queue. */
interface Waiter {
  readonly amount: number;
  readonly admit: () => void;
}

/** A number of permits to take and give back. A caller that finds too few waits in a queue. */
export class Semaphore {
  #free: number;
  readonly #waiting: Waiter[] = [];

  /** `count` permits. */
  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when the permits have been taken. Rejects with the signal's reason, and then has taken none. */
  async take({ signal, place = 'last', amount = 1 }: SemaphoreWait = {}): Promise<void> {
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
        // The permits were granted in the same turn in which the signal aborted.
        this.give(amount);
      } else {
        this.#waiting.splice(at, 1);
        this.#admit();
      }
      throw error;
    }
  }

  /** Gives permits back. */
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
