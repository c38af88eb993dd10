/**
 * The error that ended a piece of work, where something failed once more when its resources were given back: JavaScript then throws a
 * SuppressedError, which says nothing of either.
 */
export function firstError(error: unknown): unknown {
  let first = error;
  while (first instanceof SuppressedError) {
    first = first.suppressed;
  }
  return first;
}
