import { SerialQueue } from '../runtime/async/serial-queue.ts';

/**
 * Requests that are served one after the other. Equal ones that wait share one answer; one that has begun is not shared, since it may lack
 * what happened before a later request.
 */
export class CoalescedRequests<T> {
  readonly #queue = new SerialQueue();
  readonly #waiting = new Map<string, Promise<T>>();

  /** Does `work` when its turn comes, or shares what an equal request (one with the same `key`) waits for. */
  take(key: string, work: () => Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      return waiting;
    }
    const result = this.#queue.run(() => {
      this.#waiting.delete(key);
      return work();
    });
    this.#waiting.set(key, result);
    return result;
  }
}
