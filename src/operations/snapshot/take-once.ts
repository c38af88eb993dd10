import { rfc3339 } from '../../runtime/log/rfc3339.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { historiesOf } from '../../snapshot/history/histories.ts';
import { timeToBegin, timeToContinue } from '../../snapshot/history/time-to-continue.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { announceHistory } from './full/announce-history.ts';
import { laggingFailure, neededOf, untilCaughtUp } from './full/catch-up.ts';
import { refuseCorruptCluster, reportLearners } from './full/cluster-alarms.ts';
import { type DownloadRequest, downloadDatabase } from './full/download.ts';
import { type FullSnapshotResult, saveFullSnapshot } from './full/save.ts';
import { HistoryGuard } from './history/history-guard.ts';
import { listToCompare } from './history/list-to-compare.ts';
import { settleAnnouncements } from './history/settle-announcements.ts';
import { StoredOrder } from './history/stored-order.ts';
import { warnOfOtherReaders } from './other-readers.ts';

/** What one full snapshot needs. */
export interface FullSnapshotRequest extends DownloadRequest {
  readonly store: SnapStore;
  readonly final: boolean;
}

/**
 * Takes one full snapshot: download and compress, then check and save. Where the cluster does not continue the history in the
 * store, the full begins a new one.
 */
export async function takeFullSnapshot(request: FullSnapshotRequest, context: RunContext): Promise<FullSnapshotResult> {
  const { cluster, store } = request;
  const { signal } = context;
  const takenAt = context.clock.now();
  const begunAt = context.clock.monotonic();
  context.log.info(`Taking full snapshot for time: ${rfc3339(takenAt)}`);
  await refuseCorruptCluster(cluster, context);
  // Not awaited: a member that does not answer must not hold up the work.
  void reportLearners(cluster, context);
  const guard = new HistoryGuard({ ...request, contents: 'fulls' });
  const listing = await listToCompare(() => store.list({ signal }), context);
  if (listing !== undefined) {
    await warnOfOtherReaders({ store, packing: request }, listing, context);
    await guard.learn(listing, context);
    await settleAnnouncements(store, listing, context);
  }
  const known = guard.history.proof;
  const brokenBefore = await guard.breakNow(guard.reach, context);
  if (brokenBefore !== undefined) {
    guard.leave(brokenBefore, context);
  }
  const catchUp = { cluster, stored: guard.reach, accepted: guard.accepted };
  await untilCaughtUp(catchUp, context);
  await using database = await downloadDatabase({ ...request, reaching: neededOf(catchUp) }, context);
  const brokenIn = brokenBefore === undefined ? await guard.breakIn(database, known, context) : undefined;
  if (brokenIn !== undefined) {
    guard.leave(brokenIn, context);
  } else if (database.lastRevision < neededOf(catchUp)) {
    // An unsound database may say anything of its revision.
    await database.checked;
    throw laggingFailure(catchUp, database.lastRevision);
  }
  const broken = brokenBefore ?? brokenIn;
  const living = listing === undefined ? [] : historiesOf(listing.snapshots, listing.markers).living.snapshots;
  const seconds = Math.floor(takenAt / 1000);
  const createdOn = broken === undefined ? timeToContinue(living, seconds) : timeToBegin(living, seconds);
  await guard.storing(createdOn, database, context);
  const full = { ...request, database, createdOn, begunAt };
  const announced = await announceHistory(full, { broken, announcer: guard }, context);
  const result = await saveFullSnapshot(full, context);
  if (broken !== undefined) {
    await guard.begin(broken, { first: result.snapshot, database, announced }, context);
  } else {
    const youngest = living.reduce((most, each) => Math.max(most, each.createdOn), 0);
    const chain = { youngest, writtenFulls: new Set<string>() };
    await new StoredOrder({ store, guard, chain }).stored(result.snapshot, context);
  }
  return result;
}
