import type { CatalogChain } from './catalog.ts';
import type { Snapshot } from './snapshot.ts';

/** A span of time of which every moment can be restored; whole seconds since the Unix epoch. */
export interface RestorableWindow {
  readonly from: number;
  readonly to: number;
}

/**
 * The span that reaches back from the newest state without a hole: chains count as long as the deltas of each reach the full of the
 * next one. `chains` are those of one history, oldest first. Undefined when the newest chain cannot be restored.
 */
export function restorableWindow<T extends Snapshot>(chains: readonly CatalogChain<T>[]): RestorableWindow | undefined {
  const newest = chains.at(-1);
  if (newest?.base === undefined || newest.missing !== undefined) {
    return undefined;
  }
  const last = newest.deltas.reduce((latest, { createdOn }) => Math.max(latest, createdOn), newest.base.createdOn);
  let first = newest.base;
  for (const { base, lastRevision, missing } of chains.slice(0, -1).toReversed()) {
    const reaches = missing === undefined && lastRevision !== undefined && lastRevision >= first.lastRevision;
    if (base === undefined || !reaches || base.createdOn > first.createdOn) {
      break;
    }
    first = base;
  }
  return { from: first.createdOn, to: last };
}
