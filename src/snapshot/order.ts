import type { Snapshot } from './snapshot.ts';

/**
 * Chain order: by last revision, then whole snapshots before chunks, then by creation time.
 * Of the rest, a full comes after deltas, and v2 after v1, so that a search from the end finds the better base first.
 * For `Array.sort`.
 */
export function compareInChainOrder(a: Snapshot, b: Snapshot): number {
  return (
    a.lastRevision - b.lastRevision ||
    Number(a.chunk !== undefined) - Number(b.chunk !== undefined) ||
    a.createdOn - b.createdOn ||
    Number(a.kind === 'Full') - Number(b.kind === 'Full') ||
    a.startRevision - b.startRevision ||
    compareText(a.layout, b.layout) ||
    compareText(a.directory, b.directory) ||
    compareText(a.name, b.name) ||
    (a.chunk ?? 0) - (b.chunk ?? 0)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
