import type { RunContext } from '../../../runtime/run-context.ts';
import type { RevisionProof } from '../../../snapshot/history/revision-proof.ts';
import type { ChainState } from '../chain-state.ts';
import type { HistoryChanges } from '../history/history-changes.ts';
import type { HistoryGuard } from '../history/history-guard.ts';
import type { DownloadedDatabase } from './download.ts';

/** A database that was read, and what was known before. */
export interface ReadFull {
  readonly database: DownloadedDatabase;
  readonly known: RevisionProof | undefined;
}

/** What knows the history that is followed. */
export interface FollowedHistory {
  readonly chain: ChainState;
  readonly guard: HistoryGuard;
  readonly changes: HistoryChanges;
}

/** Leaves the history that was followed when a quorum or the database that was `read` shows another one. */
export async function leaveBrokenHistory(
  { chain, guard, changes }: FollowedHistory,
  context: RunContext,
  read?: ReadFull,
): Promise<void> {
  if (changes.leaving !== undefined) {
    return;
  }
  // A database that ends below what is known may be that of a member that lags: only a quorum can show that it is not.
  const tells = read !== undefined && read.database.lastRevision >= Math.max(chain.needed, read.known?.revision ?? 0);
  const broken = tells
    ? await guard.breakIn(read.database, read.known, context)
    : await guard.breakNow(chain.covered, context);
  if (broken !== undefined) {
    // An unsound database may say anything of its history.
    await read?.database.checked;
    await changes.leave(broken, context);
  }
}
