import { restorable } from '../chain.ts';
import type { Aged } from './suspected-forks.ts';
import { mayBeLeft, type UnprovenContinuation } from './unproven-continuation.ts';

/** What a marker has to tell of. */
export interface ToMark<T> {
  /** Deltas that may be of another history; none where only a full may be gone on from. */
  readonly inDoubt: readonly T[];
  /** What the marker names. */
  readonly first: T;
}

/** Of fulls no more markers are left: each listing has to read them. */
const MOST_FOR_FULLS = 100;

/**
 * What of the living history is put in doubt by a full of which nothing proves that it continues all of it, and by no earlier one. Besides
 * deltas it is a full: those of a second writer may begin right after it. Undefined where there is nothing.
 */
export function whatToMark<T extends Aged>(
  living: readonly T[],
  doubt: UnprovenContinuation,
  { known }: { readonly known: readonly UnprovenContinuation[] },
): ToMark<T> | undefined {
  const whole = restorable(living);
  const inDoubt = whole.filter((each) => mayBeLeft(each, doubt) && !known.some((earlier) => mayBeLeft(each, earlier)));
  const [delta] = inDoubt;
  if (delta !== undefined) {
    return { inDoubt, first: delta };
  }
  const full = whole.find(
    ({ kind, lastRevision }) =>
      kind === 'Full' &&
      lastRevision > doubt.after &&
      lastRevision < doubt.upTo &&
      !known.some(({ upTo }) => lastRevision < upTo),
  );
  return full === undefined || known.length >= MOST_FOR_FULLS ? undefined : { inDoubt, first: full };
}
