import { takenOn } from '../../snapshot/ahead-of-clock.ts';
import type { UnprovenContinuation } from '../../snapshot/history/unproven-continuation.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { Overlap, OverlappingChain } from './overlaps.ts';

/** Where a chain goes on from what may be of another history: a full between the two was not proved to continue `before`. */
export interface CrossedDoubt {
  readonly before: StoredSnapshot;
  readonly after: StoredSnapshot;
  readonly doubt: UnprovenContinuation;
}

/**
 * Finds where a chain goes on from what was stored before a full of which nothing proves that its cluster continues that, with a delta
 * that came after it: a second writer's. Deltas of which `agreeing` holds that both tell the same events are of one history.
 */
export function crossedDoubt(
  { base, used }: Pick<OverlappingChain, 'base' | 'used'>,
  doubts: readonly UnprovenContinuation[],
  agreeing: readonly Overlap[],
): CrossedDoubt | undefined {
  for (const [at, after] of used.entries()) {
    const before = used[at - 1] ?? base;
    const doubt = doubts.find((each) => isCrossed(each, before, after));
    if (doubt !== undefined && !agreeing.some((overlap) => isProof(overlap, { base, before, after, doubt }))) {
      return { before, after, doubt };
    }
  }
  return undefined;
}

function isCrossed(
  { after: proved, upTo, takenOn: full }: UnprovenContinuation,
  before: StoredSnapshot,
  after: StoredSnapshot,
): boolean {
  const isInDoubt = before.lastRevision > proved && after.startRevision <= upTo;
  // The full has the time of its name, which may be ahead of the clock as theirs.
  const earlier = Math.min(takenOn(before), before.createdOn);
  // Names of one second: a clock that was set back repeats the last one.
  const isBefore = earlier < full || (earlier === full && before.lastRevision < upTo);
  // Where a clock was behind, a marker says what was stored after `before`, whatever the names say.
  const isNamedBehind = before.precedes !== undefined && after.lastRevision >= before.precedes;
  const isAfter = takenOn(after) > full || after.createdOn > full || isNamedBehind;
  return isInDoubt && isBefore && isAfter;
}

function isProof(
  { delta, other, range }: Overlap,
  { base, before, after, doubt }: CrossedDoubt & { readonly base: StoredSnapshot },
): boolean {
  const holder = other === 'base' ? base : other;
  const isOfBoth = (delta === after && holder === before) || (delta === before && holder === after);
  return isOfBoth && range.to > doubt.after;
}
