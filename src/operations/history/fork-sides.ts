import type { Revision } from '../../revision.ts';
import { takenOn } from '../../snapshot/ahead-of-clock.ts';
import { restorable } from '../../snapshot/chain.ts';
import { isTooSmall } from '../../snapshot/too-small.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { ChainOfHistory } from './leading-on.ts';

/** What gives one side of a fork: a snapshot that is named, and where a full is, the last revision of the deltas that follow it. */
export interface SideOfFork {
  readonly snapshot: StoredSnapshot;
  readonly upTo?: Revision;
}

/** Both sides of a fork. */
export interface ForkSides {
  readonly older: SideOfFork;
  readonly younger: SideOfFork;
}

/**
 * The sides that two snapshots which tell different events are on: as far as each of them goes, or to the revision that is wanted. Undefined
 * where no fall-back to a lower revision separates them.
 */
export function forkSides(
  [one, other]: readonly [StoredSnapshot, StoredSnapshot],
  { fallBacks, ofHistory, until }: Pick<ChainOfHistory, 'fallBacks' | 'ofHistory' | 'until'>,
): ForkSides | undefined {
  const fork = fallBacks.findLast(({ before }) => before.includes(one) !== before.includes(other));
  if (fork === undefined) {
    return undefined;
  }
  const before = new Set(fork.before);
  const isYounger = (each: StoredSnapshot): boolean => !before.has(each) && takenOn(each) >= takenOn(fork.full);
  const whole = restorable(ofHistory).filter((each) => !isTooSmall(each));
  const [older, younger] = [whole.filter((each) => !isYounger(each)), whole.filter(isYounger)].map((side) =>
    wayTo(side, until),
  );
  return older === undefined || younger === undefined ? undefined : { older, younger };
}

/** Undefined where no full leads to it. */
function wayTo(side: readonly StoredSnapshot[], until: Revision | undefined): SideOfFork | undefined {
  const last = side.reduce<StoredSnapshot | undefined>(
    (end, each) => (end === undefined || each.lastRevision >= end.lastRevision ? each : end),
    undefined,
  );
  if (last === undefined || until === undefined || last.lastRevision <= until) {
    return last === undefined ? undefined : { snapshot: last };
  }
  const full = side.findLast(({ kind, lastRevision }) => kind === 'Full' && lastRevision <= until);
  return full === undefined ? undefined : { snapshot: full, upTo: until };
}
