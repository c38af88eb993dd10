import { type Revision, revision } from '../../revision.ts';
import { isOlder } from '../../snapshot/ahead-of-clock.ts';
import type { RevisionRange } from '../../snapshot/cover.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';

/** Two deltas, or a delta and the full it continues, that hold the same revisions. */
export interface Overlap {
  readonly delta: StoredSnapshot;
  /** `base` for the full. */
  readonly other: StoredSnapshot | 'base';
  readonly range: RevisionRange;
}

/** A chain as far as its overlaps matter. */
export interface OverlappingChain {
  readonly base: StoredSnapshot;
  /** Where the base really ends. */
  readonly covered: Revision;
  /** In the order in which they are applied. */
  readonly used: readonly StoredSnapshot[];
  /** All deltas after the base, used or not. */
  readonly candidates: readonly StoredSnapshot[];
  /** Revisions after it do not matter; undefined for all. */
  readonly until: Revision | undefined;
}

/**
 * Finds what a chain holds twice. A delta that is not used because it is older than the base and begins inside it belongs to no
 * chain of that base, and is left out.
 */
export function overlapsOf({ base, covered, used, candidates, until }: OverlappingChain): readonly Overlap[] {
  const end = until ?? Number.MAX_SAFE_INTEGER;
  const places = new Map(used.map((delta, at) => [delta, at]));
  const overlaps: Overlap[] = [];
  for (const delta of candidates) {
    const place = places.get(delta);
    const isOfOther = place === undefined && isOlder(delta, base) && delta.startRevision <= base.lastRevision;
    if (isOfOther || delta.startRevision > end) {
      continue;
    }
    const before = place === undefined ? used : used.slice(0, place);
    const inBase = rangeOf(delta, { from: 1, to: Math.min(covered, end) });
    overlaps.push(...(inBase === undefined ? [] : [{ delta, other: 'base', range: inBase } as const]));
    for (let at = before.length - 1; at >= 0; at--) {
      const other = before[at];
      // Each ends after the one before it.
      if (other === undefined || other.lastRevision < delta.startRevision) {
        break;
      }
      const range = rangeOf(delta, { from: other.startRevision, to: Math.min(other.lastRevision, end) });
      overlaps.push(...(range === undefined ? [] : [{ delta, other, range }]));
    }
  }
  return overlaps;
}

function rangeOf(
  { startRevision, lastRevision }: StoredSnapshot,
  { from, to }: { readonly from: number; readonly to: number },
): RevisionRange | undefined {
  const range = { from: Math.max(startRevision, from), to: Math.min(lastRevision, to) };
  return range.from <= range.to ? { from: revision(range.from), to: revision(range.to) } : undefined;
}
