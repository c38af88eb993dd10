import { reachableRevision } from '../../datadir/replay/reachable-revision.ts';
import { readStartState } from '../../datadir/replay/start-state.ts';
import { type Revision, revision } from '../../revision.ts';

/**
 * The revision an etcd would arrive at that starts on a member directory, its log applied; looking further ends at `enough`.
 * Throws a `Damage`.
 */
export async function revisionWithLog(
  memberDir: string,
  options: { readonly walDir: string; readonly enough: Revision; readonly signal: AbortSignal },
): Promise<Revision> {
  const { signal, enough, walDir } = options;
  const start = await readStartState(memberDir, { walDir, signal });
  return revision(await reachableRevision({ start, enough, signal }));
}
