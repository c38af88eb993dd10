import { CronExpressionParser } from 'cron-parser';
import type { Clock } from '../runtime/clock.ts';

/** Longest single wait: a timer cannot count beyond 2^31 ms and stands still while the machine sleeps. */
const longestWaitMs = 60_000;

/** The first time after `now` at which a 5-field cron schedule fires, by the local clock; both ms since the epoch. */
export function nextFiring(schedule: string, now: number): number {
  return CronExpressionParser.parse(schedule, { currentDate: new Date(now) })
    .next()
    .getTime();
}

/** Waits until the wall clock shows `time` (ms since the epoch), also when it is set or the machine sleeps meanwhile. */
export async function sleepUntil(time: number, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let left = time - clock.now(); left > 0; left = time - clock.now()) {
    await clock.sleep(Math.min(left, longestWaitMs), signal);
  }
}
