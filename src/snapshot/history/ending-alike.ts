import type { Aged, SuspectedFork } from './suspected-forks.ts';

/** Something that ends where a base does, and the full that leads to it. */
export interface EndingAlike<T> {
  readonly other: T;
  readonly fullOf: T;
}

/**
 * What ends where a full does and was named before the same fall-back to a lower revision as it: the deltas that follow may go on from
 * either, as a clock that was set back names the snapshots of a new cluster before those of the dead one.
 */
export function endingAlike<T extends Aged>(
  base: T,
  fallBacks: readonly SuspectedFork<T>[],
): readonly EndingAlike<T>[] {
  const found = new Map<T, EndingAlike<T>>();
  for (const { full, before } of fallBacks.filter((each) => each.before.includes(base))) {
    for (const other of before.filter((each) => each !== base && each.lastRevision === base.lastRevision)) {
      found.set(other, { other, fullOf: other.kind === 'Full' ? other : full });
    }
  }
  return [...found.values()];
}
