import type { Clock } from '../../runtime/clock.ts';
import { formatSeconds } from '../../runtime/log/amount.ts';

/** How long work took, for people. */
export function tookText(seconds: number): string {
  return seconds < 1 ? 'less than 1s' : formatSeconds(seconds);
}

/** How long a command has worked, for its result. */
export class Stopwatch {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #begunAt: number;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#begunAt = clock.monotonic();
  }

  /** Seconds, to a millisecond. */
  get seconds(): number {
    return Math.round(this.#clock.monotonic() - this.#begunAt) / 1_000;
  }

  /** The line of a result for people. */
  get line(): readonly [label: string, value: string] {
    return ['Took', tookText(this.seconds)];
  }
}
