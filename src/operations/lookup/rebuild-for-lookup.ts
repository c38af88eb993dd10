import path from 'node:path';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { advisingOthers } from '../history/other-histories.ts';
import { advisedFailure } from '../restore/damage-advice.ts';
import { rebuildDatabase } from '../restore/rebuild-database.ts';
import { rereadDamage } from '../restore/reread-damage.ts';
import type { Selection } from '../restore/select-chain.ts';
import type { RestoreTarget } from '../restore/target.ts';

/** Nothing is started from it. */
const NO_IDENTITY = { bucketEntries: new Map() };

/** A state that is read as a whole. */
export interface WholeState {
  readonly store: SnapStore;
  readonly target: RestoreTarget;
  readonly selection: Selection;
  /** Exists; the database is `db` in it. */
  readonly directory: string;
  readonly maxFetchers: number;
}

/**
 * Reads a state of a store as a restore does, with all its checks. Gives the file of the database, and what it was read from, base first.
 * Throws a Failure whose advice is for a lookup.
 */
export async function rebuildForLookup(
  { store, target, selection, directory, maxFetchers }: WholeState,
  context: RunContext,
): Promise<{ readonly file: string; readonly used: readonly [StoredSnapshot, ...StoredSnapshot[]] }> {
  const file = path.join(directory, 'db');
  const request = {
    store,
    tempDir: path.join(directory, 'deltas'),
    maxFetchers,
    skipHashCheck: false,
    quotaBytes: undefined,
    command: 'lookup',
  } as const;
  const deltas = selection.chains[0].candidates;
  const { used } = await rereadDamage({ store, deltas }, context, () =>
    rebuildDatabase({ request, selection, file, identity: NO_IDENTITY }, context),
  ).catch((error: unknown) => {
    const { history, until } = selection;
    const advised = advisedFailure(error, { snapshots: history.snapshots, until, target, command: request.command });
    throw advisingOthers(advised, selection.others, { wanted: until, command: 'lookup' });
  });
  return { file, used };
}
