import { revision } from '../../revision.ts';
import type { HistoryMarker } from '../../snapshot/history/history-marker.ts';
import { type LeadingAlike, olderAtEnd } from '../../snapshot/history/older-at-end.ts';
import type { SuspectedFork } from '../../snapshot/history/suspected-forks.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import type { Overlap, OverlappingChain } from './overlaps.ts';

/** More would show nothing more. */
const MOST_COMPARED = 5;

/** A chain, and what else there is of its history. */
export interface ChainOfHistory extends Pick<OverlappingChain, 'base' | 'used' | 'until'> {
  /** Every fall-back to a lower revision, also where the line goes on above it. */
  readonly fallBacks: readonly SuspectedFork<StoredSnapshot>[];
  /** All that counts as the history of the chain, also what is not used for its name. */
  readonly ofHistory: readonly StoredSnapshot[];
  /** The fulls of it, of which a delta of the chain may turn out to continue one. */
  readonly fulls: readonly StoredSnapshot[];
  /** What began that history; undefined for the first one that is known. */
  readonly begunBy: HistoryMarker | undefined;
}

/**
 * What was named before the base, leads to its end, and may be what the deltas go on from. Where a fall-back tells why it is there, only what
 * the deltas themselves prove to be of their history.
 */
export async function leadingOn(
  { base, used, until, fallBacks, ofHistory, begunBy }: ChainOfHistory,
  { compare }: { compare(overlap: Overlap): Promise<'equal' | 'unknown' | number> },
): Promise<readonly LeadingAlike<StoredSnapshot>[]> {
  const isCut = until !== undefined && until < base.lastRevision;
  const older = used.length === 0 || isCut ? [] : olderAtEnd(base, ofHistory, begunBy).slice(0, MOST_COMPARED);
  const ofChain = new Set([base, ...used]);
  const fallen = fallBacks.filter(({ before }) => !before.some((each) => ofChain.has(each)));
  const isExplained = (other: StoredSnapshot): boolean =>
    fallen.some(({ full, before }) => full === base || before.includes(other));
  const leading: LeadingAlike<StoredSnapshot>[] = [];
  for (const alike of older) {
    const shared = alike.other.kind === 'Full' ? undefined : beyond(base, alike.other, used);
    const leads = shared === undefined ? !isExplained(alike.other) : (await compare(shared)) === 'equal';
    leading.push(...(leads ? [alike] : []));
  }
  return leading;
}

/** What a delta that reaches beyond a full and the deltas that are used after that both hold. */
function beyond(base: StoredSnapshot, delta: StoredSnapshot, used: readonly StoredSnapshot[]): Overlap | undefined {
  const other = used.find(({ startRevision }) => startRevision <= delta.lastRevision);
  const from = revision(Math.max(base.lastRevision + 1, other?.startRevision ?? 0));
  const to = revision(Math.min(delta.lastRevision, other?.lastRevision ?? 0));
  return other === undefined || from > to ? undefined : { delta, other, range: { from, to } };
}
