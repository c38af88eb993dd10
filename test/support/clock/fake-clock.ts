import { setImmediate as turn } from 'node:timers/promises';
import { eventually } from '../../../scripts/lab/eventually.ts';
import type { Clock } from '../../../src/runtime/clock.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that stops until a test moves it. */
export class FakeClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  readonly #startedAt: number;
  #now: number;
  /** What the wall clock is ahead of its own count, ms. */
  #shift = 0;

  /** `at` is the wall clock's first time, such as `2026-11-21T08:00:00Z`. */
  constructor(at = '2026-11-21T08:00:00Z') {
    this.#now = Date.parse(at);
    this.#startedAt = this.#now;
  }

  now(): number {
    return this.#now + this.#shift;
  }

  /** Sets the wall clock, by so many ms from where it is; no time passes. */
  shift(ms: number): void {
    this.#shift += ms;
  }

  monotonic(): number {
    return this.#now - this.#startedAt;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper: Sleeper = { until: this.#now + ms, wake: resolve };
    const abort = (): void => reject(signal?.reason);
    this.#sleepers.add(sleeper);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      this.#sleepers.delete(sleeper);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** How long each sleeper still has, ms, shortest first. */
  get waits(): number[] {
    return [...this.#sleepers].map(({ until }) => until - this.#now).sort((a, b) => a - b);
  }

  /** Resolves when somebody sleeps who will wake in exactly `ms`: the code under test has got that far. */
  async untilSleeping(ms: number): Promise<void> {
    await eventually(() => (this.waits.includes(ms) ? true : undefined), {
      intervalMs: 1,
      describe: () => `nobody sleeps for ${ms} ms; sleeping: ${this.waits.join(', ')}`,
    });
  }

  /** Moves on by `ms`, waking each sleeper at its time and letting what it starts run for a few turns. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    for (;;) {
      await settle();
      const [next] = [...this.#sleepers].sort((a, b) => a.until - b.until);
      if (next === undefined || next.until > target) {
        break;
      }
      this.#now = Math.max(this.#now, next.until);
      this.#sleepers.delete(next);
      next.wake();
    }
    this.#now = target;
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) {
    await turn();
  }
}
