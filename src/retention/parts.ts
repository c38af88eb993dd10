import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Retainable } from './request.ts';
import { keep, remove, type Verdict } from './verdict.ts';

/** The longest time of an upload, ms. */
const LONGEST_UPLOAD = 24 * 60 * 60 * 1000;

/**
 * Whether a part object may be deleted: once its snapshot is complete, or when its upload cannot be running any more. Parts that
 * hold the data of the snapshot are never deleted on their own.
 */
export function partVerdict(
  part: Retainable,
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
  const age = context.now - (part.writtenAt ?? part.createdOn * 1000);
  return age > LONGEST_UPLOAD ? remove('abandoned_part') : keep('part_of_upload');
}

/** What a snapshot and its parts have in common. */
export function placeOf(snapshot: Snapshot): string {
  return `${snapshot.layout}/${snapshot.directory}/${snapshot.name}`;
}
