import { catalogOf } from '../../snapshot/catalog.ts';
import type { HistoryMarker } from '../../snapshot/history/history-marker.ts';
import { formatName, newSnapshot } from '../../snapshot/name.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';

/** Which backups are wanted. A chain is a full and the deltas that continue it. */
export interface CopyLimits {
  /** So many of the newest backups; undefined for all. */
  readonly maxBackups: number | undefined;
  /** Backups whose full is not older, days of 24 h; undefined for all. */
  readonly maxBackupAgeDays: number | undefined;
  /** Wall clock, ms since the epoch. */
  readonly now: number;
}

/** What the copies are like. */
export interface CopyForm {
  /** They are encrypted on the way, whatever the source is; else they stay as they are. */
  readonly isEncrypted?: boolean;
}

/** One object of the source, and what is to be done about it. */
export interface PlannedObject {
  readonly source: StoredSnapshot;
  /** What it is called in the target: layout v2, never final. */
  readonly target: Snapshot;
  /**
   * `copy`: the target does not have it. `replace`: what the target holds under this name has another size.
   * `present`: nothing is to be done.
   */
  readonly action: 'copy' | 'replace' | 'present';
}

/** A full and then its deltas, in the order in which they may appear in the target. */
export type PlannedChain = readonly PlannedObject[];

/** What a copy does. */
export interface CopyPlan {
  /** Newest first. */
  readonly chains: readonly PlannedChain[];
  /** Deltas of the source that no full precedes; they are of no use and are left out. */
  readonly orphans: readonly StoredSnapshot[];
  /** Backups of the source that the limits leave out. */
  readonly leftOut: number;
}

const DAY_MS = 86_400_000;

/** What is compared. */
export interface CopyListings {
  readonly source: readonly StoredSnapshot[];
  readonly target: readonly StoredSnapshot[];
  /** What began the source's history; undefined for the first one that is known. */
  readonly begunBy?: Pick<HistoryMarker, 'first'> | undefined;
}

/**
 * Compares two listings. Chunks, and snapshots that are marked as not to be restored from, do not take part. What is not used for its name
 * alone, which is ahead of the clock, is copied besides: it may be what tells two histories apart. The full that began the
 * history does, also where it is named ahead of the clock and others reach as far: without it what both histories share would stand in for it.
 */
export function planCopy(listings: CopyListings, limits: CopyLimits, form: CopyForm = {}): CopyPlan {
  const there = new Map<string, StoredSnapshot>();
  for (const snapshot of listings.target.filter(({ chunk }) => chunk === undefined)) {
    const name = formatName({ ...snapshot, isFinal: false });
    // A copy of an older release may be there next to a whole one: then the whole one counts.
    const rival = there.get(name);
    if (rival === undefined || rival.layout === 'v1') {
      there.set(name, snapshot);
    }
  }
  const chains: PlannedChain[] = [];
  const orphans: StoredSnapshot[] = [];
  let leftOut = 0;
  for (const { base, deltas } of catalogOf(distinct(listings)).chains.toReversed()) {
    if (base === undefined) {
      orphans.push(...deltas);
    } else if (isWanted(base, chains.length, limits)) {
      chains.push([base, ...deltas].map((source) => planObject(source, there, form)));
    } else {
      leftOut += 1;
    }
  }
  const least = chains.reduce(
    (least, [full]) => Math.min(least, full?.source.lastRevision ?? least),
    Number.POSITIVE_INFINITY,
  );
  const planned = new Set(chains.flat().map(({ source }) => source.key));
  const besides = listings.source
    .filter(({ key, ahead, lastRevision }) => ahead?.isReached === true && lastRevision >= least && !planned.has(key))
    .map((source) => [planObject(source, there, form)]);
  return { chains: [...chains, ...besides], orphans, leftOut };
}

/** Objects that are to be sent. */
export function pendingObjects(plan: CopyPlan): readonly PlannedObject[] {
  return plan.chains.flat().filter(({ action }) => action !== 'present');
}

function isWanted(base: Snapshot, taken: number, { maxBackups, maxBackupAgeDays, now }: CopyLimits): boolean {
  const fits = maxBackups === undefined || taken < maxBackups;
  return fits && (maxBackupAgeDays === undefined || base.createdOn * 1000 > now - maxBackupAgeDays * DAY_MS);
}

/** The same snapshot may be in both layouts, or final and not; it is copied once. Parts of objects have no name of their own. */
function distinct({ source, begunBy }: CopyListings): readonly StoredSnapshot[] {
  const whole = source.flatMap((snapshot) => {
    const { excluded, ...used } = snapshot;
    const begins = snapshot.ahead !== undefined && snapshot.name === begunBy?.first;
    return snapshot.chunk !== undefined ? [] : excluded !== true ? snapshot : begins ? used : [];
  });
  return [...new Map(whole.map((snapshot) => [formatName({ ...snapshot, isFinal: false }), snapshot])).values()];
}

function planObject(
  source: StoredSnapshot,
  there: ReadonlyMap<string, StoredSnapshot>,
  { isEncrypted = false }: CopyForm,
): PlannedObject {
  const { kind, startRevision, lastRevision, createdOn, compression } = source;
  const encryption = isEncrypted ? 'age' : source.encryption;
  const target = newSnapshot({ kind, startRevision, lastRevision, createdOn, compression, encryption, isFinal: false });
  const found = there.get(target.name);
  // How long a header is depends on its recipients, and they may be others.
  const isWhole = isEncrypted || found?.size === source.size;
  const action = found === undefined ? 'copy' : isWhole ? 'present' : 'replace';
  return { source, target, action };
}
