import type { Snapshot } from '../snapshot/snapshot.ts';
import { keep, remove, type Verdict } from './verdict.ts';

/** No upload takes longer, s. */
const LONGEST_UPLOAD = 24 * 60 * 60;

/**
 * Whether a part object may go: once its snapshot is there whole, or when that can no longer come. Where parts hold the data
 * of the snapshot they are never deleted on their own.
 */
export function partVerdict(
  part: Snapshot,
  context: {
    readonly partsAreData: boolean;
    /** {@link placeOf} of every whole snapshot. */
    readonly whole: ReadonlySet<string>;
    /** ms since the epoch. */
    readonly now: number;
  },
): Verdict {
  if (context.partsAreData) {
    return keep('part_is_data');
  }
  if (context.whole.has(placeOf(part))) {
    return remove('part_of_saved_snapshot');
  }
  const age = Math.floor(context.now / 1000) - part.createdOn;
  return age > LONGEST_UPLOAD ? remove('abandoned_part') : keep('part_of_upload');
}

/** What a snapshot and its parts have in common. */
export function placeOf(snapshot: Snapshot): string {
  return `${snapshot.layout}/${snapshot.directory}/${snapshot.name}`;
}
