import type { Environment } from '../runtime/environment.ts';
import { UsageFailure } from './usage-failure.ts';

/** A day of winter and one of summer. */
const days = [new Date('2026-01-15T12:00:00Z'), new Date('2026-07-15T12:00:00Z')] as const;

/**
 * Throws a {@link UsageFailure} when `TZ` names a zone that is not known: local time is UTC then, without a word, and schedules fire
 * hours away from when they should.
 */
export function refuseUnknownZone(environment: Environment): void {
  const zone = environment['TZ'] ?? '';
  if (zone === '' || days.some((day) => day.getTimezoneOffset() !== 0) || isLikeUtc(zone.replace(/^:/, ''))) {
    return;
  }
  throw new UsageFailure({
    action: 'use',
    object: 'environment variable TZ',
    found: 'it names no time zone that is known here, and schedules would follow UTC',
    remedy: 'write it like Europe/Berlin, or name the zone in the schedule: "TZ=Europe/Berlin 0 1 * * *"',
  });
}

function isLikeUtc(zone: string): boolean {
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone: zone, hour: 'numeric', hourCycle: 'h23' });
    return days.every((day) => Number(format.format(day)) === day.getUTCHours());
  } catch {
    return false;
  }
}
