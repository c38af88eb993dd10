import { stat } from 'node:fs/promises';
import path from 'node:path';
import { VolumeSpace } from '../../fs/volume-space.ts';
import { Failure } from '../../runtime/failure.ts';
import { countText } from '../../runtime/log/amount.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { coverFrom } from '../../snapshot/cover.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { type ComparePair, comparingContents, findContradiction, findDisagreement } from '../history/contradiction.ts';
import { forkFailure } from '../history/fork-failure.ts';
import { advisingOthers } from '../history/other-histories.ts';
import type { Identity } from './cluster-identity.ts';
import { advisedFailure } from './damage-advice.ts';
import { type RebuildSource, type RebuiltDatabase, rebuildDatabase } from './rebuild-database.ts';
import { isSound, rereadDamage } from './reread-damage.ts';
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

/**
 * Selects what leads to a target and rebuilds the database from it. Where snapshots whose names are ahead of the clock are to
 * blame for a failure, it is done without those: a name that cannot be true stops no restore. Throws a
 * {@link Failure} with the way out as its remedy.
 */
export async function rebuildSelected(
  work: RebuildWork,
  context: RunContext,
): Promise<{ readonly selection: Selection; readonly rebuilt: RebuiltDatabase }> {
  const { request, target } = work;
  const { store, tempDir } = request;
  const evidence: AheadEvidence = {
    compare: comparingContents({ store, tempDir }, context),
    isDamaged: async (snapshot) => !(await isSound(store, snapshot, context)),
  };
  const without = new Set<StoredSnapshot>();
  let first: unknown;
  let selection = await selectChain(store, target, context);
  for (;;) {
    // Where the newest full is left out, another one is the base, and nothing has been compared with that yet.
    const differing = await ofAnotherHistory(selection, evidence, store);
    if (differing.length > 0) {
      report(differing, 'They hold other events than the rest', context);
      for (const each of differing) {
        without.add(each);
      }
      selection = await selectAgain(store, { target, without, first }, context);
    }
    try {
      return { selection, rebuilt: await rebuild(work, selection, context) };
    } catch (error) {
      first ??= error;
      const doubted = await doubtedBy(error, selection, evidence);
      if (doubted.length === 0) {
        throw first;
      }
      for (const each of doubted) {
        without.add(each);
      }
      report(doubted, error instanceof Error ? error.message : String(error), context);
      selection = await selectAgain(store, { target, without, first }, context);
    }
  }
}

function report(left: Iterable<StoredSnapshot>, why: string, { log }: RunContext): void {
  const names = [...left].map(({ name }) => name);
  if (names.length > 0) {
    const others = names.length === 1 ? '' : ` and ${countText(names.length - 1, 'other')}`;
    log.warn(
      { snapshots: names.slice(0, 5), count: names.length },
      `${names[0]}${others}, named for a time that has not come yet, ${names.length === 1 ? 'is' : 'are'} left out: ${why}`,
    );
  }
}

/** Throws `first`, the failure of the first try, where nothing is left. */
async function selectAgain(
  store: SnapStore,
  attempt: { readonly target: RestoreTarget; readonly without: ReadonlySet<StoredSnapshot>; readonly first: unknown },
  context: RunContext,
): Promise<Selection> {
  const { target, without, first } = attempt;
  try {
    return await selectChain(store, target, context, { without });
  } catch (error) {
    context.signal.throwIfAborted();
    throw first ?? error;
  }
}

/** How what is named ahead of the clock is looked into. */
export interface AheadEvidence {
  readonly compare: ComparePair;
  /** Whether an object cannot be read to its end. */
  isDamaged(snapshot: StoredSnapshot): Promise<boolean>;
}

/**
 * What of a selection is named ahead of the clock and of another history than what can be believed; none where a snapshot was named, unless it is
 * a full that can be believed, of which the deltas that follow are not chosen.
 * Throws a {@link Failure} `history_fork` where nothing says which of them the rest continues.
 */
export async function ofAnotherHistory(
  { chains, named, until, history }: Selection,
  { compare }: AheadEvidence,
  place: Pick<SnapStore, 'location'>,
): Promise<readonly StoredSnapshot[]> {
  const isFollowed = named?.kind === 'Full' && named.ahead === undefined && until !== undefined;
  const isChosen = named !== undefined && !isFollowed;
  const contradiction = isChosen ? undefined : await findContradiction(history.snapshots, compare);
  if (contradiction?.kind === 'at the end') {
    return history.snapshots.filter(({ ahead }) => ahead !== undefined);
  }
  const [{ base }] = chains;
  const disagreement =
    isChosen || base.ahead === undefined ? undefined : await findDisagreement(base, history.snapshots, compare);
  const pair = contradiction?.pair ?? disagreement;
  if (pair !== undefined) {
    throw forkFailure(place.location, pair);
  }
  return [];
}

/** More objects that are read in a row and damaged say nothing more. */
const MOST_READ = 20;

/**
 * What is named ahead of the clock and to blame for a failure: the damaged one, or damaged ones that only seem to follow a hole. None for
 * any other error: a hole is a hole whatever the clock was.
 */
export async function doubtedBy(
  error: unknown,
  { chains, later, isChosen }: Selection,
  { isDamaged }: AheadEvidence,
): Promise<readonly StoredSnapshot[]> {
  if (!(error instanceof Failure) || isChosen) {
    return [];
  }
  if (error.code === 'snapshot_corrupt') {
    const taking = [...chains, ...later].flatMap(({ base, candidates }) => [base, ...candidates]);
    return taking.filter(({ ahead, name }) => ahead !== undefined && name === error.object).slice(0, 1);
  }
  if (error.code !== 'backup_gap') {
    return [];
  }
  const [{ base, candidates }] = chains;
  const { beyond } = coverFrom({ base, covered: base.lastRevision, deltas: candidates });
  const damaged: StoredSnapshot[] = [];
  for (const each of beyond.slice(0, MOST_READ)) {
    if (each.ahead === undefined || !(await isDamaged(each))) {
      break;
    }
    damaged.push(each);
  }
  return damaged;
}

async function rebuild(
  { request, target, file, identity }: RebuildWork,
  selection: Selection,
  context: RunContext,
): Promise<RebuiltDatabase> {
  const { store, command = 'restore' } = request;
  const deltas = selection.chains[0].candidates;
  const space = await VolumeSpace.in(path.dirname(file));
  const measure = async (): Promise<number> => (await stat(file)).size;
  const build = () => space.writing(() => rebuildDatabase({ request, selection, file, identity }, context), measure);
  return await rereadDamage({ store, deltas }, context, build).catch((error: unknown) => {
    const { history, until, others } = selection;
    const advised = advisedFailure(error, { snapshots: history.snapshots, until, target, command });
    throw advisingOthers(advised, others, { wanted: until });
  });
}
