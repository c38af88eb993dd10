import { takenOn } from './ahead-of-clock.ts';
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
  const last = [newest.base, ...newest.deltas].reduce((latest, each) => Math.max(latest, knownTime(each) ?? 0), 0);
  let first = newest.base;
  for (const { base, lastRevision, missing } of chains.slice(0, -1).toReversed()) {
    const reaches = missing === undefined && lastRevision !== undefined && lastRevision >= first.lastRevision;
    if (base === undefined || !reaches || takenOn(base) > takenOn(first)) {
      break;
    }
    first = base;
  }
  const from = knownTime(first);
  return from === undefined || last === 0 ? undefined : { from, to: last };
}

/** Undefined when nothing says it. */
function knownTime({ createdOn, ahead }: Snapshot): number | undefined {
  return ahead === undefined ? createdOn : ahead.before;
}
