import { type Revision, revision } from '../../../revision.ts';
import { Failure } from '../../../runtime/failure.ts';
import type { Logger } from '../../../runtime/log/logger.ts';
import { type ChainNote, coverFrom, type RevisionRange } from '../../../snapshot/cover.ts';
import { revisionsAre } from '../../../snapshot/revision-range-text.ts';
import type { StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { CandidateChain } from '../candidate-chain.ts';
import { type RestoringCommand, verbOf, withFlags } from '../restoring-command.ts';

/** The deltas that continue a base. */
export interface DeltaChoice {
  /** In the order to apply them. */
  readonly deltas: readonly StoredSnapshot[];
  /** Where the restore ends. */
  readonly lastRevision: Revision;
  /** Why it does not end where it was meant to: revisions that no delta has. */
  readonly missing: RevisionRange | undefined;
  /** The first delta after the hole. */
  readonly beyond: StoredSnapshot | undefined;
  readonly notes: readonly ChainNote<StoredSnapshot>[];
}

/** The revisions that deltas have to add. */
export interface RevisionsWanted {
  /** Where the base really ends; its name may say less. */
  readonly covered: Revision;
  /** The last one; undefined for all. */
  readonly until: Revision | undefined;
}

/** Chooses the deltas from the end of the base up to the wanted revision. */
export function chooseDeltas({ base, candidates }: CandidateChain, { covered, until }: RevisionsWanted): DeltaChoice {
  const cover = coverFrom({ base, covered, deltas: candidates });
  if (until === undefined) {
    return { ...cover, beyond: cover.beyond[0] };
  }
  const enough = cover.deltas.findIndex(({ lastRevision }) => lastRevision >= until);
  const deltas = covered >= until ? [] : cover.deltas.slice(0, enough < 0 ? undefined : enough + 1);
  const reached = Math.max(covered, deltas.at(-1)?.lastRevision ?? 0);
  const used = new Set(deltas);
  return {
    deltas,
    lastRevision: revision(Math.min(until, reached)),
    missing: until <= reached ? undefined : { from: revision(reached + 1), to: cover.missing?.to ?? until },
    beyond: until <= reached ? undefined : cover.beyond[0],
    notes: cover.notes.filter(({ kind, delta }) =>
      kind === 'overlap' ? used.has(delta) : delta.startRevision <= until,
    ),
  };
}

/**
 * The same; what is odd about the chain is logged. Throws a {@link Failure}: `backup_gap` when revisions are
 * missing on the way, `beyond_backup` when the wanted revision comes after all that is there.
 */
export function selectDeltas(
  chain: CandidateChain,
  wanted: RevisionsWanted,
  options: { readonly log: Logger; readonly location: string; readonly command?: RestoringCommand | undefined },
): DeltaChoice {
  const choice = chooseDeltas(chain, wanted);
  refuseIncomplete(choice, chain, options);
  for (const note of choice.notes) {
    report(note, options.log);
  }
  return choice;
}

/** Throws the {@link Failure} that an incomplete choice means. */
export function refuseIncomplete(
  choice: Pick<DeltaChoice, 'missing' | 'beyond' | 'deltas'>,
  { base }: CandidateChain,
  { location, command = 'restore' }: { readonly location: string; readonly command?: RestoringCommand | undefined },
): void {
  const { missing, beyond, deltas } = choice;
  if (missing === undefined) {
    return;
  }
  if (beyond === undefined) {
    throw new Failure({
      code: 'beyond_backup',
      action: 'restore from',
      object: location,
      found: `revision ${missing.to} is wanted, but nothing continues ${(deltas.at(-1) ?? base).name}, which ends at ${missing.from - 1}`,
      remedy: `give at most ${command === 'lookup' ? '--revision' : '--to-revision'} ${missing.from - 1}, or none for the newest state`,
    });
  }
  throw new Failure({
    code: 'backup_gap',
    action: 'restore from',
    object: location,
    found: `${revisionsAre(missing)} missing between ${(deltas.at(-1) ?? base).name} and ${beyond.name}`,
    remedy: `find the missing delta, or ${withFlags(command, `--to-revision ${missing.from - 1}`)} to ${verbOf(command)} the state before it`,
  });
}

function report(note: ChainNote<StoredSnapshot>, log: Logger): void {
  const { name } = note.delta;
  switch (note.kind) {
    case 'overlap': {
      const { from, to } = note.overlap;
      // A delta across the end of a full, or a full that reaches beyond its name, is normal.
      if (note.with === 'base') {
        log.info({ snapshot: name }, `Revisions ${from} to ${to} of ${name} are in the full, too; they are taken once`);
      } else {
        const why = 'two snapshotters wrote here';
        log.warn(
          { snapshot: name },
          `Revisions ${from} to ${to} of ${name} are in an earlier delta, too: ${why}. They are taken once`,
        );
      }
      return;
    }
    case 'contained':
      log.info({ snapshot: name }, `All revisions of ${name} are in other snapshots; it is not needed`);
      return;
    case 'abandoned':
      log.warn({ snapshot: name }, `${name} belongs to a history that ended before the base was taken; it is left out`);
      return;
    default:
      note satisfies never;
  }
}
