import type { WrittenTime } from '../config/point-in-time.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import { type EventTime, eventTimeOf, formatEventTime } from '../snapshot/delta/event-time.ts';

/**
 * Checks a time of the command line; `now` is in ms since the epoch, `object` names the flag or operand. Throws a {@link UsageFailure} for
 * the future: with a slip in the year it would bring back the newest state, the very one that is not wanted.
 */
export function pastTime(
  written: WrittenTime,
  { object, now }: { readonly object: string; readonly now: number },
): EventTime {
  const time = written.kind === 'ago' ? eventTimeOf(now - written.ms) : written.time;
  if (time.seconds * 1_000 > now) {
    throw new UsageFailure({
      action: 'use',
      object: `${object} ${formatEventTime(time)}`,
      found: `it is in the future; now it is ${formatEventTime(eventTimeOf(now))}`,
      remedy: 'correct it, or leave it out for the newest state',
    });
  }
  return time;
}
