import { CronExpressionParser } from 'cron-parser';
import type { Clock } from '../../runtime/clock.ts';

/** Longest single wait: a timer cannot count beyond 2^31 ms and stands still while the machine sleeps. */
const longestWaitMs = 60_000;
/** A clock that is set back by less than this does not make anything run a second time, ms. */
const mostSetBackMs = 6 * 60 * 60 * 1000;

/**
 * The first time after `now` at which a 5-field cron schedule fires, by the local clock; both ms since the epoch.
 * Where the local clock jumps ahead, a time that does not exist fires an hour later; where it goes back, a fixed
 * time fires once, the first time, and every step of `*` and of `* / n` minutes both times.
 */
export function nextFiring(schedule: string, now: number): number {
  return CronExpressionParser.parse(schedule, { currentDate: new Date(now) })
    .next()
    .getTime();
}

/** What waiting for a schedule needs. */
export interface Waiting {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of each firing in advance, ms since the epoch. */
  readonly onNext?: (due: number) => void;
}

/**
 * Gives each time a schedule fires, once it has come. Times that pass while the reader is busy or the machine
 * sleeps are made up for by one firing; none comes twice when the clock is set back a little. Rejects when the signal aborts.
 */
export async function* eachFiring(schedule: string, { clock, signal, onNext }: Waiting): AsyncGenerator<number> {
  let last = Number.NEGATIVE_INFINITY;
  for (;;) {
    const now = clock.now();
    const due = nextFiring(schedule, last > now && last - now < mostSetBackMs ? last : now);
    onNext?.(due);
    await sleepUntil(due, clock, signal);
    last = due;
    yield due;
  }
}

/** Waits until the wall clock shows `time` (ms since the epoch), also when it is set or the machine sleeps meanwhile. */
export async function sleepUntil(time: number, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let left = time - clock.now(); left > 0; left = time - clock.now()) {
    await clock.sleep(Math.min(left, longestWaitMs), signal);
  }
}
