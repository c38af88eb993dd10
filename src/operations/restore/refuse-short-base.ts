import type { Revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { type RestoringCommand, verbOf } from './restoring-command.ts';

/** A base that was opened, and the deltas that are applied to it. */
export interface OpenedChain {
  readonly base: StoredSnapshot;
  /** Where the contents of the base end. */
  readonly covered: Revision;
  readonly deltas: readonly StoredSnapshot[];
  /** The last revision that is wanted; undefined for all there is. */
  readonly until: Revision | undefined;
  /** Whether the base was named: then what it holds is wanted. */
  readonly isChosen: boolean;
  /** What the state is wanted for; `restore` when left out. */
  readonly command?: RestoringCommand | undefined;
}

/**
 * Refuses a full that holds less than its name says, where no delta makes up for that: revisions that were stored would be lost
 * without a word. A member that lagged, or a renaming, leaves such a one. Throws a {@link Failure} `snapshot_corrupt`.
 */
export function refuseShortBase(
  { base, covered, deltas, until, isChosen, command = 'restore' }: OpenedChain,
  { log }: Pick<RunContext, 'log'>,
): void {
  const reached = deltas.reduce<number>((most, { lastRevision }) => Math.max(most, lastRevision), covered);
  const promised = Math.min(base.lastRevision, until ?? base.lastRevision);
  if (base.unnamed === true || reached >= promised) {
    return;
  }
  const found = `its database ends at revision ${covered}, its name says ${base.lastRevision}`;
  if (isChosen) {
    log.warn({ snapshot: base.name }, `${base.name} holds less than its name tells: ${found}`);
    return;
  }
  throw new Failure({
    code: 'snapshot_corrupt',
    action: verbOf(command),
    object: base.name,
    found: `${found}; etcdbrctl restore --snapshot ${base.name} takes what it holds`,
    remedy: 'the object may have been renamed: look for another copy of it',
  });
}
