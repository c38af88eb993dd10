/**
 * A point in an etcd cluster's history: the number of the last transaction that changed a key.
 *
 * etcd counts in int64. Numbers are enough, as no cluster reaches 2^53; all code that reads a revision from bytes refuses a
 * larger value instead of rounding it.
 */
export type Revision = number & { readonly unit: 'revision' };

/** Brands a number as a {@link Revision}. Throws a RangeError unless it is a whole number from 0 to 2^53 - 1. */
export function revision(value: number): Revision {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`not a revision: ${value}`);
  }
  return value as Revision;
}

/** The revision that follows `current`. */
export function nextRevision(current: Revision): Revision {
  return revision(current + 1);
}
