import type { WrittenTime } from '../config/point-in-time.ts';
import type { RestoreLimit } from '../operations/restore/target.ts';
import { revision } from '../revision.ts';
import { pastTime } from './past-time.ts';

/** The last moment before a second has passed, nanoseconds. */
const LAST_NANOSECOND = 999_999_999;

/**
 * The state right before a time or revision, without it; undefined when none is given. `now` is in ms since the epoch. A time without a
 * fraction means the beginning of that second: what happened within the second is undone, too. Throws a UsageFailure for the future.
 */
export function limitBefore(
  { before, beforeRevision }: { readonly before: WrittenTime | undefined; readonly beforeRevision: number | undefined },
  { now }: { readonly now: number },
): RestoreLimit | undefined {
  if (beforeRevision !== undefined) {
    return { kind: 'revision', revision: revision(Math.max(1, beforeRevision - 1)) };
  }
  if (before === undefined) {
    return undefined;
  }
  const { seconds, nanos } = pastTime(before, { object: '--before', now });
  const isWholeSecond = nanos === 0 || nanos === LAST_NANOSECOND;
  return {
    kind: 'time',
    time: isWholeSecond ? { seconds: seconds - 1, nanos: LAST_NANOSECOND } : { seconds, nanos: nanos - 1 },
  };
}
