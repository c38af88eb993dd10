import type { Revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { takenOn } from '../../snapshot/ahead-of-clock.ts';
import { restorable } from '../../snapshot/chain.ts';
import { coverFrom, type RevisionRange } from '../../snapshot/cover.ts';
import { type History, knownHistories } from '../../snapshot/history/histories.ts';
import {
  fallBacks,
  possibleForks,
  type SuspectedFork,
  suspectedForks,
} from '../../snapshot/history/suspected-forks.ts';
import { type UnprovenContinuation, unprovenOf } from '../../snapshot/history/unproven-continuation.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../snapstore/snapstore.ts';
import { chooseHistory, reportChoice, reportOtherMoment } from '../history/choose-history.ts';
import { advisingOthers } from '../history/other-histories.ts';
import { whyNothingFound } from '../list/why-nothing-found.ts';
import type { CandidateChain } from './candidate-chain.ts';
import { advisedFailure } from './damage-advice.ts';
import { findPointInTime } from './point-in-time.ts';
import type { RestoreTarget } from './target.ts';

/** Where a restore can begin, and where it ends. */
export interface Selection {
  /**
   * At least one, to be tried in this order: the database of a full may reach beyond its name, and beyond
   * {@link until}; if it cannot be cut back to that, the next one serves.
   */
  readonly chains: readonly [CandidateChain, ...CandidateChain[]];
  /** Fulls that end after {@link until}, without deltas, to be tried where a chain has a hole: they may be cut back to it. */
  readonly later: readonly CandidateChain[];
  /** The last revision to bring back; undefined for all there is. */
  readonly until: Revision | undefined;
  /** Revisions after `until` that may belong before the wanted time: nothing in the store records it. */
  readonly unrecorded: RevisionRange | undefined;
  /** What all of it belongs to. */
  readonly history: History<StoredSnapshot>;
  /** The other histories of the store, as a way out; none when the target names a snapshot. */
  readonly others: readonly History<StoredSnapshot>[];
  /** Whether something else than the newest state was asked for. */
  readonly isOlder: boolean;
  /** Of all histories of the store, in chain order. */
  readonly seen: readonly StoredSnapshot[];
  /** The history that was written last. */
  readonly living: History<StoredSnapshot>;
  /** Whether the target names a snapshot: of two histories that is a choice. */
  readonly isChosen: boolean;
  /** The snapshot that the target names. */
  readonly named: StoredSnapshot | undefined;
  /** What ages say against the chains; nothing when a snapshot is named. */
  readonly doubts: readonly SuspectedFork<StoredSnapshot>[];
  /** Every fall-back to a lower revision, also where the line goes on above it; nothing when a full is named: of two it is the one. */
  readonly fallBacks: readonly SuspectedFork<StoredSnapshot>[];
  /** All that counts as the history, also what is not used for its name; nothing when a full is named. */
  readonly ofHistory: readonly StoredSnapshot[];
  /** The fulls of the history, of which a delta may turn out to continue another one; none when a full alone is brought back. */
  readonly fulls: readonly StoredSnapshot[];
  /** What markers say of fulls that nothing proved to continue what was before them; nothing when a full alone is brought back. */
  readonly unproven: readonly UnprovenContinuation[];
}

/**
 * Finds what a restore to `target` needs. Throws a {@link Failure}: `no_backup` or `backup_gap` when there is nothing to
 * restore from, `no_such_snapshot` or `no_such_history` when the target names none. Nothing of `without` takes part.
 */
export async function selectChain(
  store: SnapStore,
  target: RestoreTarget,
  context: RunContext,
  {
    without = new Set(),
    command = 'restore',
  }: { readonly without?: ReadonlySet<StoredSnapshot>; readonly command?: 'restore' | 'lookup' } = {},
): Promise<Selection> {
  const found = await store.list({ signal: context.signal });
  const names = new Set([...without].map(({ key }) => key));
  const snapshots = found.snapshots.filter(({ key }) => !names.has(key));
  const listing = { ...found, snapshots };
  const chosen = chooseHistory(listing, { number: target.history, of: target.from }, store.location);
  reportChoice(chosen, context.log);
  reportOtherMoment(chosen, target, context.log);
  const others =
    target.from === undefined ? knownHistories(chosen.histories).filter((each) => each !== chosen.history) : [];
  try {
    const selected = await selectFrom({ store, target, listing, history: chosen.history, command }, context);
    return { ...selected, others, living: chosen.histories.living };
  } catch (error) {
    throw advisingOthers(error, others, { wanted: wantedRevision(target), command });
  }
}

/** The revision that a target names itself. */
function wantedRevision({ until }: RestoreTarget): Revision | undefined {
  return until?.kind === 'revision' ? until.revision : undefined;
}

async function selectFrom(
  source: {
    readonly store: SnapStore;
    readonly target: RestoreTarget;
    readonly listing: StoreListing;
    readonly history: History<StoredSnapshot>;
    readonly command: 'restore' | 'lookup';
  },
  context: RunContext,
): Promise<Omit<Selection, 'others' | 'living'>> {
  const { store, target, listing, history, command } = source;
  const named = target.from === undefined ? undefined : findNamed(history.snapshots, target.from, store.location);
  const forks = possibleForks(history.snapshots);
  const line = named === undefined ? history.snapshots : lineOf({ named, target }, history.snapshots, forks);
  const whole = restorable(line.map((each) => (each.key === named?.key ? named : each)));
  if (whole.length === 0 && named === undefined) {
    throw restorable(listing.snapshots).length > 0
      ? nothing(store.location, `all it holds is of other histories than ${nameOf(target)}`, 'see etcdbrctl list')
      : await nothingStored(store, context);
  }
  const fulls = whole.filter(({ kind }) => kind === 'Full').toReversed();
  const selected = await choose({ store, target, named, whole, fulls }, context).catch((error: unknown) => {
    throw advisedFailure(error, { snapshots: history.snapshots, until: undefined, target, command });
  });
  const later = (selected.later ?? []).map((base) => ({ base, candidates: [] }));
  const [first = later[0], ...others] = selected.bases.map((base) => chainOf(base, whole, selected));
  if (first === undefined) {
    throw noFull({ store, target, fulls });
  }
  const { until, unrecorded } = selected;
  const doubts = named === undefined ? doubtsAbout(target, history, forks) : [];
  const isOlder = named !== undefined || target.until !== undefined || target.history !== undefined;
  const isChosen = named !== undefined;
  const isFullAlone = named?.kind === 'Full' && target.until === undefined;
  return {
    chains: [first, ...others],
    later,
    until,
    unrecorded,
    history,
    isOlder,
    seen: listing.snapshots,
    isChosen,
    named,
    doubts,
    fallBacks: named?.kind === 'Full' ? [] : fallBacks(history.snapshots),
    ofHistory: named?.kind === 'Full' ? [] : history.snapshots,
    fulls: isFullAlone ? [] : history.snapshots.filter(({ kind }) => kind === 'Full'),
    unproven: isFullAlone ? [] : unprovenOf(history, listing.markers),
  };
}

function nameOf({ history }: RestoreTarget): string {
  return history === undefined ? 'the one that was written last' : `history ${history}`;
}

/** The newest state is in doubt only as long as nothing ends after both sides of a fork; a time before the fork has only one. */
function doubtsAbout(
  { until }: RestoreTarget,
  { snapshots }: History<StoredSnapshot>,
  forks: readonly SuspectedFork<StoredSnapshot>[],
): readonly SuspectedFork<StoredSnapshot>[] {
  switch (until?.kind) {
    case undefined:
      return suspectedForks(snapshots);
    case 'revision':
      return forks;
    case 'time':
      return forks.filter(({ full }) => takenOn(full) <= until.time.seconds);
    default:
      return until satisfies never;
  }
}

/**
 * Where histories may part: the side that a snapshot is on. Everything, when nothing on that side leads to it: a clock was set back
 * then. A full that both may go on from is on the side of what was taken soon after it, as far as that reaches.
 */
function lineOf(
  { named, target: { until } }: { readonly named: StoredSnapshot; readonly target: RestoreTarget },
  snapshots: readonly StoredSnapshot[],
  forks: readonly SuspectedFork<StoredSnapshot>[],
): readonly StoredSnapshot[] {
  let line = snapshots;
  for (const { full, before } of forks) {
    const older = new Set(before);
    const isOlder = (each: StoredSnapshot): boolean => each !== full && takenOn(each) <= takenOn(full);
    if (older.has(named)) {
      line = line.filter(isOlder);
    } else if (takenOn(named) >= takenOn(full)) {
      line = line.filter((each) => !older.has(each));
    } else if (named.kind === 'Full' && until !== undefined) {
      const side = line.filter(isOlder);
      line = reaches(named, until, side) ? side : line;
    }
  }
  const hasFull = line.some(({ kind, lastRevision }) => kind === 'Full' && lastRevision < named.startRevision);
  const serves = leadsTo(named, line) || (hasFull && !leadsTo(named, snapshots));
  return named.kind === 'Full' || serves ? line : snapshots;
}

/** Whether a full and the deltas that continue it without a gap reach a revision. A time is looked for in what was taken until then. */
function reaches(
  base: StoredSnapshot,
  until: NonNullable<RestoreTarget['until']>,
  snapshots: readonly StoredSnapshot[],
): boolean {
  if (until.kind === 'time') {
    return snapshots.some((each) => each.kind === 'Incr' && takenOn(each) >= until.time.seconds);
  }
  const deltas = restorable(snapshots).filter(
    ({ kind, lastRevision }) => kind === 'Incr' && lastRevision > base.lastRevision,
  );
  return coverFrom({ base, covered: base.lastRevision, deltas }).lastRevision >= until.revision;
}

/** Whether a full and the deltas that continue it without a gap reach a delta. */
function leadsTo(delta: StoredSnapshot, snapshots: readonly StoredSnapshot[]): boolean {
  // A snapshot that is named is wanted, marked or not.
  const whole = restorable(snapshots.map((each) => (each.key === delta.key ? delta : each)));
  const fulls = whole.filter(({ kind, lastRevision }) => kind === 'Full' && lastRevision < delta.startRevision);
  return fulls.some((base) => {
    const deltas = whole.filter(({ kind, lastRevision }) => kind === 'Incr' && lastRevision > base.lastRevision);
    return coverFrom({ base, covered: base.lastRevision, deltas }).lastRevision >= delta.lastRevision;
  });
}

interface Choice {
  readonly store: SnapStore;
  readonly target: RestoreTarget;
  /** The snapshot that the target names. */
  readonly named: StoredSnapshot | undefined;
  /** In chain order. */
  readonly whole: readonly StoredSnapshot[];
  /** Newest first. */
  readonly fulls: readonly StoredSnapshot[];
}

interface Chosen {
  readonly bases: readonly StoredSnapshot[];
  readonly later?: readonly StoredSnapshot[];
  readonly until: Revision | undefined;
  readonly unrecorded?: RevisionRange | undefined;
  readonly deltas: 'all' | 'none' | readonly StoredSnapshot[];
}

async function choose(choice: Choice, context: RunContext): Promise<Chosen> {
  const { store, target, named, whole, fulls } = choice;
  const { until } = target;
  if (named?.kind === 'Incr') {
    const { lastRevision, startRevision } = named;
    const leading = fulls.filter((full) => full.lastRevision < startRevision);
    const older = leading.filter((full) => takenOn(full) <= takenOn(named));
    const before = whole.filter((each) => takenOn(each) <= takenOn(named));
    // What was written after it may belong to another history, unless only a clock was set back.
    const isBefore = older.length > 0 && (leadsTo(named, before) || !leadsTo(named, whole));
    const allowed = isBefore ? before : whole;
    // Another that reaches as far is taken only where nothing else leads to it.
    const own = allowed.filter((each) => each.key === named.key || each.lastRevision < lastRevision);
    const deltas = leadsTo(named, own) ? own : allowed;
    return { bases: isBefore ? older : leading, until: lastRevision, deltas };
  }
  const base = named === undefined ? undefined : [named];
  switch (until?.kind) {
    case undefined:
      return { bases: base ?? fulls.slice(0, 1), until: undefined, deltas: named === undefined ? 'all' : 'none' };
    case 'revision':
      return {
        bases: (base ?? fulls).filter(({ lastRevision }) => lastRevision <= until.revision),
        later: (base ?? fulls).filter(({ lastRevision }) => lastRevision > until.revision).toReversed(),
        until: until.revision,
        deltas: 'all',
      };
    case 'time': {
      const point = await findPointInTime({ store, whole, base: named, time: until.time }, context);
      return { ...point, deltas: point.candidates };
    }
    default:
      return until satisfies never;
  }
}

function chainOf(base: StoredSnapshot, whole: readonly StoredSnapshot[], chosen: Chosen): CandidateChain {
  if (chosen.deltas === 'none') {
    return { base, candidates: [] };
  }
  const allowed = new Set(chosen.deltas === 'all' ? whole : chosen.deltas);
  const following = whole.slice(whole.indexOf(base) + 1);
  return { base, candidates: following.filter((delta) => delta.kind === 'Incr' && allowed.has(delta)) };
}

/** A snapshot by its name, or by the end of its key where two layouts have the same name. */
function findNamed(snapshots: readonly StoredSnapshot[], name: string, location: string): StoredSnapshot {
  const found = snapshots.filter((each) => each.chunk === undefined && (each.name === name || each.key === name));
  const [only, another] = found;
  if (only === undefined || another !== undefined) {
    throw new Failure({
      code: 'no_such_snapshot',
      action: 'restore',
      object: name,
      found: only === undefined ? `${location} does not hold it` : `${location} holds ${found.length} of that name`,
      remedy: only === undefined ? 'see etcdbrctl list' : `give its key: ${found.map(({ key }) => key).join(' or ')}`,
    });
  }
  // A snapshot that is named is wanted, marked or not.
  const { excluded: _, ...rest } = only;
  return rest;
}

function noFull({ store, target, fulls }: Pick<Choice, 'store' | 'target' | 'fulls'>): Failure {
  const oldest = fulls.at(-1);
  if (oldest === undefined) {
    return new Failure({
      code: 'backup_gap',
      action: 'restore from',
      object: store.location,
      found: 'it holds deltas but no full snapshot to begin with',
      remedy: 'check the container and --store-prefix, or take a full snapshot of the living cluster',
    });
  }
  const wanted = target.from === undefined ? 'that revision' : target.from;
  const found = `no full snapshot leads to ${wanted}; the oldest is ${oldest.name}`;
  return nothing(store.location, found, 'see etcdbrctl list');
}

/** Says why a store holds nothing, as far as it can be asked. */
async function nothingStored(store: SnapStore, context: RunContext): Promise<Failure> {
  const { found, remedy } = await whyNothingFound(store, { wanted: 'snapshot', flags: 'store' }, context);
  return nothing(store.location, found, remedy);
}

function nothing(object: string, found: string, remedy: string): Failure {
  return new Failure({ code: 'no_backup', action: 'restore from', object, found, remedy });
}
