import { compareInChainOrder } from '../order.ts';
import { isTooSmall } from '../too-small.ts';
import type { Aged } from './suspected-forks.ts';

/** A snapshot after which a chain goes on, and one that ends where it does and is named ahead of the clock. */
export interface AheadEndingAlike<T> {
  readonly used: T;
  /** What goes on from it. */
  readonly next: T;
  readonly other: T;
  /** What leads to the other; undefined where no full does. */
  readonly fullOf: T | undefined;
}

/**
 * What ends where one snapshot of a chain does and the next begins, where a name that is ahead of the clock is involved: when that was taken is
 * not known, so the rest may go on from the other instead. Also of what a restore does not use for its name.
 */
export function aheadEndingAlike<T extends Aged>(
  { base, used }: { readonly base: T; readonly used: readonly T[] },
  snapshots: readonly T[],
): readonly AheadEndingAlike<T>[] {
  if (!snapshots.some(({ ahead }) => ahead !== undefined)) {
    return [];
  }
  const chain = [base, ...used];
  const ofChain = new Set(chain);
  const whole = snapshots.filter((each) => each.chunk === undefined && !isTooSmall(each));
  const others = Map.groupBy(
    whole.filter((each) => !ofChain.has(each)),
    ({ lastRevision }) => lastRevision,
  );
  const fulls = whole.filter(({ kind }) => kind === 'Full').toSorted(compareInChainOrder);
  return used.flatMap((next, at) => {
    const before = chain[at] ?? base;
    return (others.get(before.lastRevision) ?? []).flatMap((other) => {
      const fullOf = other.kind === 'Full' ? other : fulls.findLast((each) => each.lastRevision < other.startRevision);
      const isDoubtful = [base, before, next, other, fullOf].some((each) => each?.ahead !== undefined);
      return isDoubtful && !isInOrder([other, before, next]) ? [{ used: before, next, other, fullOf }] : [];
    });
  });
}

/** Whether one clock, wrong as it was, may have named all of them, in the order in which they were taken. */
function isInOrder(inOrder: readonly Aged[]): boolean {
  return inOrder.every(
    ({ ahead, createdOn }, at) => ahead !== undefined && createdOn >= (inOrder[at - 1]?.createdOn ?? createdOn),
  );
}
