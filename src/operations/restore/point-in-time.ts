import { type Revision, revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { takenOn } from '../../snapshot/ahead-of-clock.ts';
import { coverFrom, type RevisionRange } from '../../snapshot/cover.ts';
import { type EventTime, formatEventTime } from '../../snapshot/delta/event-time.ts';
import { revisionsAre } from '../../snapshot/revision-range-text.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { eventsUpTo } from './event-times.ts';

/** What a store records of a point in time. */
export interface PointInTime {
  /** Fulls that end before it, the one to begin with first. None when only {@link later} can serve. */
  readonly bases: readonly StoredSnapshot[];
  /** Fulls that end after it; their history may reach back to it. */
  readonly later: readonly StoredSnapshot[];
  /** The last change that was seen up to it. */
  readonly until: Revision;
  /** What may continue the bases; no delta of a history that was begun later is among them. */
  readonly candidates: readonly StoredSnapshot[];
  /** Revisions after `until` whose times are unknown, as their deltas are gone: some may belong before the point. */
  readonly unrecorded: RevisionRange | undefined;
}

type RevisionAtTime = Pick<PointInTime, 'until' | 'candidates' | 'unrecorded'> & Partial<PointInTime>;

/** Where to look. */
export interface PointInTimeSearch {
  readonly store: SnapStore;
  /** Whole snapshots in chain order. */
  readonly whole: readonly StoredSnapshot[];
  /** The full to begin with; undefined for the last one taken before the time. */
  readonly base: StoredSnapshot | undefined;
  readonly time: EventTime;
}

/** The same, with how the deltas are named that end right before a full: `REVISION SECOND`. */
interface Search extends PointInTimeSearch {
  readonly chainEnds: ReadonlySet<string>;
}

/**
 * Finds the revision a cluster had at a time, from the times at which changes were seen. Fulls are chosen by the time they
 * were taken, so that a history that was left since does not count. At most a few deltas are read.
 * Throws a {@link Failure}: `no_backup` when everything is later, `backup_gap` when changes before the time are missing.
 */
export async function findPointInTime(asked: PointInTimeSearch, context: RunContext): Promise<PointInTime> {
  const chainEnds = fullsIn(asked).map(({ lastRevision, createdOn }) => `${lastRevision} ${createdOn - 1}`);
  const search = { ...asked, chainEnds: new Set(chainEnds) };
  const bases = search.base === undefined ? basesBefore(search) : [search.base];
  for (const [at, base] of bases.entries()) {
    if (!(await holdsLaterChanges(base, search, context))) {
      const found = await revisionFrom(base, search, context);
      // An older full may have to serve after all; what leads from it to this one is allowed, too.
      const before = search.whole.slice(0, search.whole.indexOf(base));
      return { bases: bases.slice(at), later: [], ...found, candidates: [...before, ...found.candidates] };
    }
  }
  const cut = await onlyLater(search.base === undefined ? fullsIn(search) : [search.base], search, context);
  if (cut !== undefined) {
    return { bases: [], ...cut };
  }
  const oldest = search.whole.find(({ kind }) => kind === 'Full');
  throw new Failure({
    code: 'no_backup',
    action: 'restore from',
    object: search.store.location,
    found:
      search.base === undefined
        ? `no full snapshot was taken before ${formatEventTime(search.time)}${oldest === undefined ? '' : `, the first one is ${oldest.name}`}`
        : `${search.base.name} holds changes later than ${formatEventTime(search.time)}`,
    remedy: 'choose a later time, or see etcdbrctl list',
  });
}

function basesBefore({ whole, time }: PointInTimeSearch): readonly StoredSnapshot[] {
  return whole
    .filter((each) => each.kind === 'Full' && takenOn(each) <= time.seconds)
    .toReversed()
    .toSorted((a, b) => takenOn(b) - takenOn(a));
}

/** The first delta that is written while a full is begun is named a second earlier. */
const NAMED_EARLIER_S = 1;

/**
 * The last delta of a chain is named a second before the full that ends where it ends, and that by the second in which it was begun:
 * its last changes may be later by the time that it takes to connect to etcd and to open its stream.
 */
const CHAIN_END_EARLIER_S = 120;

/** A delta that was written before the time has no later event; its name counts whole seconds, and may be earlier. */
function mayHoldLater(delta: StoredSnapshot, { time, chainEnds }: Pick<Search, 'time' | 'chainEnds'>): boolean {
  const earlier = chainEnds.has(`${delta.lastRevision} ${delta.createdOn}`) ? CHAIN_END_EARLIER_S : NAMED_EARLIER_S;
  return takenOn(delta) + earlier >= time.seconds;
}

/** A full begins at the second in its name and may take a while; deltas written meanwhile record when its last change came. */
async function holdsLaterChanges(
  base: StoredSnapshot,
  search: Search,
  context: RunContext,
  { unwitnessed = 'by its name' }: { readonly unwitnessed?: 'by its name' | 'earlier' } = {},
): Promise<boolean> {
  const { store, whole, time } = search;
  const witness = whole.find(
    (delta) =>
      delta.kind === 'Incr' &&
      delta.startRevision <= base.lastRevision &&
      base.lastRevision <= delta.lastRevision &&
      mayHoldLater(delta, search),
  );
  if (witness === undefined) {
    return unwitnessed === 'by its name' && takenOn(base) > time.seconds;
  }
  const { lastRevision = revision(0), complete } = await eventsUpTo({ store, delta: witness }, time, context);
  return !complete && lastRevision < base.lastRevision;
}

async function revisionFrom(base: StoredSnapshot, search: Search, context: RunContext): Promise<RevisionAtTime> {
  const { store, time } = search;
  const deltas = deltasOf(base, search);
  // Named before the time, and followed by a delta that holds nothing later: it holds nothing later either.
  const seen = deltas.reduce(
    (most, each) => (mayHoldLater(each, search) ? most : Math.max(most, each.lastRevision)),
    0,
  );
  const isWritten = (delta: StoredSnapshot): boolean => delta.lastRevision <= seen && takenOn(delta) < time.seconds;
  const written = deltas.filter(isWritten);
  const cover = coverFrom({ base, covered: base.lastRevision, deltas: written });
  const [beyond] = cover.beyond;
  if (cover.missing !== undefined && beyond !== undefined) {
    return await acrossGap({ base, missing: cover.missing, beyond }, search, context);
  }
  let until = cover.lastRevision;
  const around: StoredSnapshot[] = [];
  const later = deltas.filter((delta) => !isWritten(delta)).toSorted((a, b) => takenOn(a) - takenOn(b));
  for (const delta of later.filter(({ lastRevision }) => lastRevision > until)) {
    const { lastRevision = revision(0), complete } = await eventsUpTo({ store, delta }, time, context);
    if (delta.startRevision > until + 1) {
      const missing = { from: revision(until + 1), to: revision(delta.startRevision - 1) };
      if (lastRevision > 0) {
        return await acrossGap({ base, missing, beyond: delta }, search, context);
      }
      return { until, candidates: [...written, ...around], unrecorded: missing };
    }
    if (lastRevision > until) {
      around.push(delta);
      until = lastRevision;
    }
    if (!complete) {
      return { until, candidates: [...written, ...around], unrecorded: undefined };
    }
  }
  return { until, candidates: [...written, ...around], unrecorded: unrecordedBefore(until, base, search) };
}

/**
 * The revision after a hole, when a delta shows that all of it belongs before the time: from a full that was taken in the hole, as a
 * snapshotter begins a chain with one, or by cutting a later one back. Throws a {@link Failure} when there is none.
 */
async function acrossGap(
  gap: { readonly base: StoredSnapshot; readonly missing: RevisionRange; readonly beyond: StoredSnapshot },
  search: Search,
  context: RunContext,
): Promise<RevisionAtTime> {
  const { base, missing, beyond } = gap;
  const fulls = search.base === undefined ? fullsIn(search).filter((each) => takenOn(each) >= takenOn(base)) : [];
  const bridge = fulls.find(
    (each) =>
      missing.to <= each.lastRevision && each.lastRevision < beyond.lastRevision && takenOn(each) <= takenOn(beyond),
  );
  if (bridge !== undefined && !(await holdsLaterChanges(bridge, search, context, { unwitnessed: 'earlier' }))) {
    return { ...(await revisionFrom(bridge, search, context)), bases: [bridge] };
  }
  const cut = await onlyLater(fulls, search, context);
  if (cut === undefined) {
    throw gapBefore(search, missing, beyond);
  }
  return { ...cut, bases: [] };
}

/** The last revision that deltas show to be before the time, and the fulls that end after it; undefined when there is neither. */
async function onlyLater(
  fulls: readonly StoredSnapshot[],
  search: Search,
  context: RunContext,
): Promise<(RevisionAtTime & Pick<PointInTime, 'later'>) | undefined> {
  const { store, whole, time } = search;
  const deltas = whole.filter(({ kind }) => kind === 'Incr').toSorted((a, b) => takenOn(a) - takenOn(b));
  let seen = 0;
  let next: StoredSnapshot | undefined;
  for (const delta of deltas) {
    const { lastRevision = 0, complete } = mayHoldLater(delta, search)
      ? await eventsUpTo({ store, delta }, time, context)
      : { ...delta, complete: true };
    seen = Math.max(seen, lastRevision);
    if (!complete) {
      next = lastRevision === 0 ? delta : undefined;
      break;
    }
  }
  const later = fulls.filter(({ lastRevision }) => lastRevision > seen);
  if (seen === 0 || later.length === 0) {
    return undefined;
  }
  const unrecorded =
    next !== undefined && next.startRevision > seen + 1
      ? { from: revision(seen + 1), to: revision(next.startRevision - 1) }
      : undefined;
  return { until: revision(seen), candidates: [], unrecorded, later };
}

function fullsIn({ whole }: PointInTimeSearch): readonly StoredSnapshot[] {
  return whole.filter(({ kind }) => kind === 'Full');
}

/** What was written before the base and begins after it belongs to a history that was left. */
function deltasOf(base: StoredSnapshot, { whole }: PointInTimeSearch): readonly StoredSnapshot[] {
  return whole
    .slice(whole.indexOf(base) + 1)
    .filter(
      (each) => each.kind === 'Incr' && (takenOn(each) >= takenOn(base) || each.startRevision <= base.lastRevision),
    );
}

function gapBefore(
  { store, time }: PointInTimeSearch,
  missing: RevisionRange,
  beyond: StoredSnapshot | undefined,
): Failure {
  return new Failure({
    code: 'backup_gap',
    action: 'restore from',
    object: store.location,
    found: `${revisionsAre(missing)} missing, and ${beyond?.name} shows that ${missing.from === missing.to ? 'it' : 'they'} came before ${formatEventTime(time)}`,
    remedy: 'find the missing delta, or choose an earlier time',
  });
}

/** Without deltas the next full shows that there were changes, not when. */
function unrecordedBefore(
  until: Revision,
  base: StoredSnapshot,
  { whole, time }: Pick<PointInTimeSearch, 'whole' | 'time'>,
): RevisionRange | undefined {
  const next = whole.find(
    (each) =>
      each.kind === 'Full' &&
      takenOn(each) > time.seconds &&
      takenOn(each) > takenOn(base) &&
      each.lastRevision > until,
  );
  return next === undefined ? undefined : { from: revision(until + 1), to: next.lastRevision };
}
