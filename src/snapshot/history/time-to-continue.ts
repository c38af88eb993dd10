import type { Snapshot } from '../snapshot.ts';

/** A name that is further ahead comes from a wrong clock or another program; s. */
const FURTHEST_AHEAD = 24 * 60 * 60;

/** Whether what comes next follows this time, also when the clock, at `seconds` since the epoch, has not reached it. */
export function isFollowed(createdOn: number, seconds: number): boolean {
  return createdOn <= seconds + FURTHEST_AHEAD;
}

/**
 * The creation time for what continues these snapshots, whole seconds since the epoch: `seconds`, the clock's, or that of the
 * youngest of them when the clock was set back. Readers take a full that is younger than what reaches further for the begin of
 * another history.
 */
export function timeToContinue(snapshots: readonly Pick<Snapshot, 'createdOn'>[], seconds: number): number {
  return snapshots.reduce(
    (youngest, { createdOn }) => (isFollowed(createdOn, seconds) ? Math.max(youngest, createdOn) : youngest),
    seconds,
  );
}

/**
 * The creation time for the first full of another history than that of these snapshots: `seconds`, or after the youngest of them. So
 * no snapshot of the one ever has the name of one of the other.
 */
export function timeToBegin(snapshots: readonly Pick<Snapshot, 'createdOn'>[], seconds: number): number {
  const youngest = timeToContinue(snapshots, seconds - 1);
  return Math.max(seconds, youngest + 1);
}
