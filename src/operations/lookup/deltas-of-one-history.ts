import type { Revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { findFork } from '../history/fork-check.ts';
import { comparedDeltas } from '../restore/compared-deltas.ts';
import { chooseDeltas } from '../restore/deltas/choose.ts';
import type { Selection } from '../restore/select-chain.ts';
import { NeedsWhole } from './read-by-index.ts';

/**
 * The deltas after the first full of a selection, whose true last revision is known, as rebuilding its database would choose them. Throws
 * {@link NeedsWhole} for everything unusual: a rebuild knows how to handle and report it.
 */
export async function deltasOfOneHistory(
  source: {
    readonly store: SnapStore;
    readonly selection: Selection;
    readonly lastRevision: Revision;
    readonly tempDir: string;
  },
  context: RunContext,
): Promise<readonly StoredSnapshot[]> {
  const { store, selection, lastRevision: covered, tempDir } = source;
  const { until, unrecorded, doubts, fallBacks, ofHistory, fulls, unproven, history } = selection;
  const [chain] = selection.chains;
  if (unrecorded !== undefined) {
    throw new NeedsWhole('it is not recorded when all changes came');
  }
  if (until !== undefined && covered > until) {
    return [];
  }
  const { deltas, missing, notes } = chooseDeltas(chain, { covered, until });
  if (missing !== undefined || notes.some(({ kind }) => kind !== 'contained')) {
    throw new NeedsWhole('its deltas overlap, or some are missing');
  }
  const candidates = comparedDeltas(selection, chain, deltas);
  const database = (): never => {
    throw new NeedsWhole('events have to be compared with it');
  };
  if (
    (await findFork(
      {
        store,
        base: chain.base,
        covered,
        used: deltas,
        candidates,
        until,
        doubts,
        fallBacks,
        ofHistory,
        fulls,
        begunBy: history.begunBy,
        unproven,
        database,
        tempDir,
      },
      context,
    )) !== undefined
  ) {
    throw new NeedsWhole('the chain may be of two histories');
  }
  return deltas;
}
