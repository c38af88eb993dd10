import { Failure } from '../../runtime/failure.ts';
import { countText } from '../../runtime/log/amount.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { advisingOthers } from '../history/other-histories.ts';
import type { Identity } from './cluster-identity.ts';
import { advisedFailure } from './damage-advice.ts';
import { type RebuildSource, type RebuiltDatabase, rebuildDatabase } from './rebuild-database.ts';
import { rereadDamage } from './reread-damage.ts';
import { type Selection, selectChain } from './select-chain.ts';
import type { RestoreTarget } from './target.ts';

/** A database that is to be rebuilt from a store. */
export interface RebuildWork {
  readonly request: RebuildSource;
  readonly target: RestoreTarget;
  /** Where it is written. */
  readonly file: string;
  readonly identity: Identity;
}

/** What says that the backup itself is to blame. */
const OF_BACKUP: readonly string[] = ['snapshot_corrupt', 'backup_gap', 'beyond_backup', 'no_backup', 'history_fork'];

/**
 * Selects what leads to a target and rebuilds the database from it. Where that fails by what is in the store, and snapshots whose
 * names are ahead of the clock took part, it is done without those: a name that cannot be true stops no restore. Throws a
 * {@link Failure} with the way out as its remedy.
 */
export async function rebuildSelected(
  work: RebuildWork,
  context: RunContext,
): Promise<{ readonly selection: Selection; readonly rebuilt: RebuiltDatabase }> {
  const { request, target } = work;
  const selection = await selectChain(request.store, target, context);
  try {
    return { selection, rebuilt: await rebuild(work, selection, context) };
  } catch (error) {
    const ahead = aheadIn(selection);
    if (ahead.length === 0 || !(error instanceof Failure && OF_BACKUP.includes(error.code))) {
      throw error;
    }
    const rest = await selectChain(request.store, target, context, { aheadOfClock: 'left out' }).catch(() => undefined);
    context.signal.throwIfAborted();
    if (rest === undefined) {
      throw error;
    }
    const names = ahead.map(({ name }) => name);
    context.log.warn(
      { snapshots: names.slice(0, 5), count: names.length, error },
      `${error.message}. ${countText(names.length, 'snapshot')} whose names tell a time that has not come yet, such as ${names[0]}, took part: ` +
        'trying without',
    );
    return { selection: rest, rebuilt: await rebuild(work, rest, context) };
  }
}

async function rebuild(
  { request, target, file, identity }: RebuildWork,
  selection: Selection,
  context: RunContext,
): Promise<RebuiltDatabase> {
  const { store, command = 'restore' } = request;
  const deltas = selection.chains[0].candidates;
  return await rereadDamage({ store, deltas }, context, () =>
    rebuildDatabase({ request, selection, file, identity }, context),
  ).catch((error: unknown) => {
    const { history, until, others } = selection;
    const advised = advisedFailure(error, { snapshots: history.snapshots, until, target, command });
    throw advisingOthers(advised, others, { wanted: until });
  });
}

/** None where a snapshot was named: that is a choice. */
function aheadIn({ chains, later, isChosen }: Selection): readonly StoredSnapshot[] {
  const taking = [...chains, ...later].flatMap(({ base, candidates }) => [base, ...candidates]);
  return isChosen ? [] : [...new Set(taking)].filter(({ ahead }) => ahead !== undefined);
}
