import type { Snapshot } from './snapshot.ts';

/** How much clocks may differ, s. */
const CLOCK_TOLERANCE = 5 * 60;

/**
 * When a snapshot was taken, as far as it can be believed, whole seconds since the epoch. Ages are compared by this and not by
 * `createdOn`, which is only a part of the name.
 */
export function takenOn({ createdOn, ahead }: Pick<Snapshot, 'createdOn' | 'ahead'>): number {
  return ahead?.before ?? createdOn;
}

/** Whether one is known to have been taken before another: of names that are ahead of the clock nothing may be known. */
export function isOlder(
  one: Pick<Snapshot, 'createdOn' | 'ahead'>,
  other: Pick<Snapshot, 'createdOn' | 'ahead'>,
): boolean {
  return isAgeKnown(one) && isAgeKnown(other) && takenOn(one) < takenOn(other);
}

function isAgeKnown({ ahead }: Pick<Snapshot, 'ahead'>): boolean {
  return ahead === undefined || ahead.before !== undefined;
}

/** Whether a name says a time that has not come yet. `seconds` is the clock's time, since the epoch. */
export function isAheadOfClock({ createdOn }: Pick<Snapshot, 'createdOn'>, seconds: number): boolean {
  return createdOn > seconds + CLOCK_TOLERANCE;
}
