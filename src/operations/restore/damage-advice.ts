import type { Revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import { restorable } from '../../snapshot/chain.ts';
import { eventTimeOf, formatEventTime } from '../../snapshot/delta/event-time.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { chooseDeltas } from './deltas/choose.ts';
import { type RestoringCommand, verbOf, withFlags } from './restoring-command.ts';
import type { RestoreTarget } from './target.ts';

/** What a restore was to use. */
export interface DamagedBackup {
  /** All snapshots of the history. */
  readonly snapshots: readonly StoredSnapshot[];
  /** The last revision that is wanted; undefined for all there is. */
  readonly until: Revision | undefined;
  readonly target: RestoreTarget;
  readonly command: RestoringCommand;
}

/** Where a restore ends that uses these. */
interface Way {
  readonly base: StoredSnapshot;
  readonly deltas: readonly StoredSnapshot[];
  readonly revision: Revision;
  readonly isWhole: boolean;
}

/**
 * A failure that is about one of the snapshots, with the newest state that can be restored without it as its remedy: as the names say
 * it, and what was read before. Any other error as it is.
 */
export function advisedFailure(error: unknown, backup: DamagedBackup): unknown {
  if (!(error instanceof Failure) || (error.code !== 'snapshot_corrupt' && error.code !== 'backup_gap')) {
    return error;
  }
  const damaged = backup.snapshots.find(({ name }) => name === error.object);
  return damaged === undefined || damaged.unnamed ? error : error.withRemedy(remedy(damaged, backup));
}

function remedy(damaged: StoredSnapshot, backup: DamagedBackup): string {
  const whole = restorable(backup.snapshots);
  const state = newest(
    whole.filter((each) => each !== damaged),
    backup.until,
  );
  const look = 'look for another copy of it';
  if (state === undefined) {
    return `${look}; nothing else that is there leads to a state`;
  }
  const last = state.deltas.at(-1) ?? state.base;
  const taken = formatEventTime(eventTimeOf(last.createdOn * 1_000));
  const time = state.revision < last.lastRevision ? `before ${taken}` : `of ${taken}`;
  const flags = flagsTo(state, { whole, damaged });
  return flags === undefined
    ? `${look}, or move it away and ${withFlags(backup.command, `--to-revision ${state.revision}`)} to ${verbOf(backup.command)} the state ${time}`
    : `${look}, or ${withFlags(backup.command, flags)}${insteadOf(flags, backup)} to ${verbOf(backup.command)} the state ${time}, the newest without it`;
}

/** The state that ends last, of those the newest full leads to. */
function newest(whole: readonly StoredSnapshot[], until: Revision | undefined): Way | undefined {
  return fullsUpTo(whole, until)
    .map((base) => way(base, whole, until))
    .reduce<Way | undefined>(
      (best, each) => (best === undefined || each.revision > best.revision ? each : best),
      undefined,
    );
}

/** The flags of `restore` that lead to a state; undefined when each of them would use the damaged snapshot. */
function flagsTo(
  state: Way,
  { whole, damaged }: { readonly whole: readonly StoredSnapshot[]; readonly damaged: StoredSnapshot },
): string | undefined {
  const leads = (base: StoredSnapshot | undefined): boolean => {
    const found = base === undefined ? undefined : way(base, whole, state.revision);
    return found?.isWhole === true && found.base !== damaged && !found.deltas.includes(damaged);
  };
  const revision = `--to-revision ${state.revision}`;
  if (leads(fullsUpTo(whole, state.revision)[0])) {
    return revision;
  }
  return leads(state.base) ? `--snapshot ${state.base.name} ${revision}` : undefined;
}

/** What of the flags that were given contradicts the advice. */
function insteadOf(flags: string, { target, command }: DamagedBackup): string {
  const given = [
    ...(target.until?.kind === 'time' ? [command === 'lookup' ? '--time' : '--to-time'] : []),
    ...(target.from !== undefined && !flags.includes('--snapshot') ? ['--snapshot'] : []),
  ];
  const hasFlags = command === 'restore' || command === 'lookup';
  return hasFlags && given.length > 0 ? ` instead of ${given.join(' and ')}` : '';
}

/** Newest first. */
function fullsUpTo(whole: readonly StoredSnapshot[], until: Revision | undefined): readonly StoredSnapshot[] {
  return whole
    .filter(({ kind, lastRevision }) => kind === 'Full' && (until === undefined || lastRevision <= until))
    .toReversed();
}

function way(base: StoredSnapshot, whole: readonly StoredSnapshot[], until: Revision | undefined): Way {
  const candidates = whole.slice(whole.indexOf(base) + 1).filter(({ kind }) => kind === 'Incr');
  const { deltas, lastRevision, missing } = chooseDeltas({ base, candidates }, { covered: base.lastRevision, until });
  return { base, deltas, revision: lastRevision, isWhole: missing === undefined };
}
