import { type Revision, revision } from '../revision.ts';
import { type ChainNote, type Cover, coverFrom, type RevisionRange } from './cover.ts';
import { compareInChainOrder } from './order.ts';
import type { Snapshot } from './snapshot.ts';

/** The newest chain of a listing. */
export type ChainPlan<T> =
  /** No snapshot at all. */
  | { readonly outcome: 'empty' }
  /** `base` and then each of `deltas` in order gives the state at `lastRevision`. */
  | {
      readonly outcome: 'chain';
      readonly base: T;
      readonly deltas: readonly T[];
      readonly lastRevision: Revision;
      readonly notes: readonly ChainNote<T>[];
    }
  /**
   * Revisions are missing: `deltas` end just before `missing`, and `beyond` follow it. `base` is undefined when the listing has
   * only deltas.
   */
  | {
      readonly outcome: 'gap';
      readonly base: T | undefined;
      readonly deltas: readonly T[];
      readonly missing: RevisionRange;
      readonly beyond: readonly T[];
      readonly notes: readonly ChainNote<T>[];
    };

/** A listing entry, perhaps with the mark that it is not to be restored from. */
export type Listed = Snapshot & { readonly excluded?: boolean };

/**
 * Finds the newest chain: the last full in chain order and the deltas after it. Chunks and excluded snapshots are left out. The
 * listing may be in any order.
 *
 * The revision in the name of a full may be lower than that of its database. Once the database is open, {@link coverFrom} can be
 * called again with the true revision; a gap up to there is none.
 */
export function newestChain<T extends Listed>(listing: readonly T[]): ChainPlan<T> {
  const whole = restorable(listing);
  const baseAt = whole.findLastIndex((snapshot) => snapshot.kind === 'Full');
  const base = whole[baseAt];
  const above = whole.slice(baseAt + 1);
  if (base !== undefined) {
    // Deltas that end at the base's last revision precede it in the order; the base contains them, so they need no note.
    const cover = coverFrom({ base, covered: base.lastRevision, deltas: above });
    return cover.missing === undefined
      ? {
          outcome: 'chain',
          base,
          deltas: cover.deltas,
          lastRevision: cover.lastRevision,
          notes: cover.notes,
        }
      : gap(base, cover, cover.missing);
  }
  const first = above.reduce<T | undefined>(
    (lowest, delta) => (lowest === undefined || delta.startRevision < lowest.startRevision ? delta : lowest),
    undefined,
  );
  if (first === undefined) {
    return { outcome: 'empty' };
  }
  // Revision 1 is an empty etcd; without a full even its members and leases are unknown, so the gap begins there.
  const to = revision(Math.max(1, first.startRevision - 1));
  return { outcome: 'gap', base, deltas: [], missing: { from: revision(1), to }, beyond: above, notes: [] };
}

/** Whole, not excluded snapshots in chain order. */
export function restorable<T extends Listed>(listing: readonly T[]): readonly T[] {
  return listing
    .filter((snapshot) => snapshot.chunk === undefined && snapshot.excluded !== true)
    .sort(compareInChainOrder);
}

function gap<T extends Snapshot>(base: T, cover: Cover<T>, missing: RevisionRange): ChainPlan<T> {
  const beyond = cover.beyond;
  return { outcome: 'gap', base, deltas: cover.deltas, missing, beyond, notes: cover.notes };
}
