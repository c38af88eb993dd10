import { missingMarkers, storedMarkers } from '../../../src/operations/copy/copy-markers.ts';
import { type PlannedChain, planCopy } from '../../../src/operations/copy/plan.ts';
import { historiesOf } from '../../../src/snapshot/history/histories.ts';
import { beginsHistory, type StoreMarker } from '../../../src/snapshot/history/history-marker.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import type { StoredObjects } from './stored-objects.ts';

/** How a copy goes. */
export interface CopyCourse {
  readonly maxBackups?: number | undefined;
  /** Its process is killed after so many objects; left out for none. */
  readonly stopsAfter?: number | undefined;
  /** Which of the chains that are on their way at once goes on next. */
  readonly turns?: number | undefined;
}

/** A copy that was planned. */
export interface BegunCopy {
  readonly chains: readonly PlannedChain[];
  readonly markers: readonly StoreMarker[];
}

/** Plans a copy of what the living history has, but for what cannot be read. */
export function beginCopy(
  { source, target }: { readonly source: StoredObjects; readonly target: StoredObjects },
  {
    maxBackups,
    seconds,
    isReadable,
  }: {
    readonly maxBackups: number | undefined;
    readonly seconds: number;
    readonly isReadable: (snapshot: StoredSnapshot) => boolean;
  },
): BegunCopy {
  const { living, suspected } = historiesOf(source.listed(seconds), source.markers);
  const { snapshots, begunBy } = living;
  const limits = { maxBackups: suspected.length === 0 ? maxBackups : undefined, maxBackupAgeDays: undefined };
  const { chains } = planCopy(
    { source: snapshots.filter(isReadable), target: target.snapshots, begunBy },
    { ...limits, now: seconds * 1000 },
  );
  const markers = missingMarkers({
    source: source.markers,
    target: storedMarkers(target),
    held: target.snapshots,
    living: snapshots,
  });
  return { chains, markers };
}

/** An object as it is in another store. */
function copyOf({ ahead: _, precedes: __, excluded: ___, ...object }: StoredSnapshot): StoredSnapshot {
  return object;
}

/** Carries a copy out. `stopped` where it was killed, `vanished` where the source has deleted something meanwhile. */
export function endCopy(
  { source, target }: { readonly source: StoredObjects; readonly target: StoredObjects },
  { chains, markers }: BegunCopy,
  { stopsAfter = Number.POSITIVE_INFINITY, turns = 0 }: CopyCourse,
): 'stopped' | 'vanished' | 'done' {
  let left = stopsAfter;
  const step = (act: () => void): boolean => {
    left -= 1;
    if (left < 0) {
      return false;
    }
    act();
    return true;
  };
  const there = new Set(source.snapshots.map(({ name }) => name));
  const queues = chains.map((chain) => chain.filter(({ action }) => action !== 'present'));
  let hasVanished = false;
  const begun = markers.filter(beginsHistory);
  const opening = begun.length === 0 ? undefined : chains[0]?.[0];
  if (opening !== undefined) {
    const isThere = there.has(opening.source.name) || opening.action === 'present';
    for (const marker of begun) {
      if (!step(() => target.announce(isThere ? { ...marker, first: opening.target.name } : marker))) {
        return 'stopped';
      }
    }
    queues[0] = queues[0]?.filter((each) => each !== opening || !isThere) ?? [];
    if (isThere && opening.action !== 'present' && !step(() => target.put(copyOf(opening.source)))) {
      return 'stopped';
    }
  }
  for (let turn = turns; queues.some(({ length }) => length > 0); turn = (turn * 31 + 7) % 1_009) {
    const open = [...queues.entries()].filter(([, queue]) => queue.length > 0);
    const [at, queue] = open[turn % open.length] ?? [0, []];
    const [next, ...rest] = queue;
    if (next === undefined || !there.has(next.source.name)) {
      hasVanished = true;
      queues[at] = [];
      continue;
    }
    queues[at] = rest;
    if (!step(() => target.put(copyOf(next.source)))) {
      return 'stopped';
    }
  }
  for (const marker of markers) {
    if (!(step(() => target.save(marker)) && (!beginsHistory(marker) || step(() => target.withdraw(marker))))) {
      return 'stopped';
    }
  }
  return hasVanished ? 'vanished' : 'done';
}
