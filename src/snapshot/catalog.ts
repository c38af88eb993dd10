import { type Revision, revision } from '../revision.ts';
import { type Listed, restorable } from './chain.ts';
import { type ChainNote, coverFrom, type RevisionRange } from './cover.ts';
import { type OverlappingDelta, overlappingDeltas } from './overlapping-deltas.ts';

/** A full and the deltas up to the next full: what can be restored from that full. */
export interface CatalogChain<T> {
  /** Undefined for deltas before the first full. */
  readonly base: T | undefined;
  /** In chain order, with those that a restore would leave out. */
  readonly deltas: readonly T[];
  /** The last revision that a restore reaches; undefined without a base. */
  readonly lastRevision: Revision | undefined;
  /** The first hole, when deltas follow it. */
  readonly missing: RevisionRange | undefined;
  /** The deltas after the hole. */
  readonly beyond: readonly T[];
  readonly notes: readonly ChainNote<T>[];
  /** Deltas of concurrent writers. */
  readonly overlapping: readonly OverlappingDelta<T>[];
}

/** The snapshots of a store, sorted by what a restore can do with them; oldest first. */
export interface Catalog<T> {
  /** The last one is what `restore` takes. */
  readonly chains: readonly CatalogChain<T>[];
  /** Whole snapshots with the mark that they are not to be restored from. */
  readonly excluded: readonly T[];
  /** Parts of larger objects. */
  readonly parts: readonly T[];
}

/** Sorts a listing, which may be in any order, into chains. */
export function catalogOf<T extends Listed>(listing: readonly T[]): Catalog<T> {
  const parts = listing.filter(({ chunk }) => chunk !== undefined);
  const excluded = listing.filter(({ chunk, excluded: marked }) => chunk === undefined && marked === true);
  const groups: { readonly base: T | undefined; readonly deltas: T[] }[] = [];
  for (const snapshot of restorable(listing)) {
    const group = groups.at(-1);
    if (snapshot.kind === 'Full') {
      groups.push({ base: snapshot, deltas: [] });
    } else if (group === undefined) {
      groups.push({ base: undefined, deltas: [snapshot] });
    } else {
      group.deltas.push(snapshot);
    }
  }
  const overlapping = new Map(overlappingDeltas(listing).map((each) => [each.delta, each]));
  const chains = groups.map((group) => ({
    ...chainOf(group),
    overlapping: group.deltas.flatMap((delta) => overlapping.get(delta) ?? []),
  }));
  return { chains, excluded, parts };
}

function chainOf<T extends Listed>(group: {
  readonly base: T | undefined;
  readonly deltas: readonly T[];
}): Omit<CatalogChain<T>, 'overlapping'> {
  const { base, deltas } = group;
  if (base === undefined) {
    const first = deltas.reduce(
      (lowest, { startRevision }) => Math.min(lowest, startRevision),
      Number.MAX_SAFE_INTEGER,
    );
    const missing = { from: revision(1), to: revision(Math.max(1, first - 1)) };
    return { base, deltas, lastRevision: undefined, missing, beyond: deltas, notes: [] };
  }
  const cover = coverFrom({ base, covered: base.lastRevision, deltas });
  const { lastRevision, missing, beyond, notes } = cover;
  return { base, deltas, lastRevision, missing, beyond, notes };
}
