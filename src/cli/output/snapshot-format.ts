import { countText } from '../../runtime/log/amount.ts';
import { takenOn } from '../../snapshot/ahead-of-clock.ts';
import type { ChainNote, RevisionRange } from '../../snapshot/cover.ts';
import type { OverlappingDelta } from '../../snapshot/overlapping-deltas.ts';
import { revisionsAre } from '../../snapshot/revision-range-text.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';

/** What is unusual about a delta. */
export function noteText(note: ChainNote<StoredSnapshot>): string {
  switch (note.kind) {
    case 'overlap':
      return note.with === 'base'
        ? `it reaches across the end of its full: ${rangeText(note.overlap)} in both, and taken once`
        : `two snapshotters wrote: ${rangeText(note.overlap)} in an earlier delta, too, and taken once`;
    case 'contained':
      return 'not needed: all of it is in other snapshots';
    case 'abandoned':
      return 'left out: of a history that ended before the full was taken';
    default:
      return note satisfies never;
  }
}

/** The remark on a chain that two snapshotters wrote to; they may have stopped since. */
export function overlappingText(overlapping: readonly OverlappingDelta<StoredSnapshot>[]): string {
  const are = overlapping.length === 1 ? 'holds' : 'hold';
  return `CONCURRENT WRITERS: ${countText(overlapping.length, 'delta')} ${are} revisions that others hold, too`;
}

/** A delta of the second snapshotter, for scripts. */
export function overlapData({
  delta,
  other,
  overlap,
}: OverlappingDelta<StoredSnapshot>): Readonly<Record<string, unknown>> {
  return { snapshot: delta.name, other: other.name, overlap };
}

/** Revisions as the subject of a sentence: `revisions 90 to 119 are`. */
export function rangeText(range: RevisionRange): string {
  return revisionsAre(range);
}

/** A time in UTC to the second, as tables show it. `ms` since the epoch. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

/** A note as scripts get it. */
export function noteData(note: ChainNote<StoredSnapshot>): Readonly<Record<string, unknown>> {
  return {
    kind: note.kind,
    snapshot: note.delta.name,
    ...(note.kind === 'overlap' ? { with: note.with, overlap: note.overlap } : {}),
  };
}

/** A snapshot as scripts get it. `now` is in ms since the epoch. */
export function snapshotData(snapshot: StoredSnapshot, now: number): Readonly<Record<string, unknown>> {
  const { name, kind, key, startRevision, lastRevision, createdOn, size, compression, isFinal, layout } = snapshot;
  const { immutableUntil, versionId, unnamed, ahead, encryption } = snapshot;
  return {
    name,
    kind,
    key,
    startRevision,
    lastRevision: unnamed ? null : lastRevision,
    createdOn: unnamed ? null : new Date(createdOn * 1_000).toISOString(),
    ageSeconds:
      unnamed || (ahead !== undefined && ahead.before === undefined)
        ? null
        : Math.floor(now / 1_000 - takenOn(snapshot)),
    ...(ahead === undefined ? {} : { aheadOfClock: true }),
    size,
    compression,
    ...(encryption === undefined ? {} : { encryption }),
    final: isFinal,
    layout,
    ...(immutableUntil === undefined ? {} : { immutableUntil: new Date(immutableUntil).toISOString() }),
    ...(versionId === undefined ? {} : { versionId }),
  };
}
