import { type Revision, revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { historiesOf } from '../../snapshot/history/histories.ts';
import type { Packing } from '../../snapshot/packing.ts';
import type { StoreListing } from '../../snapstore/snapstore.ts';
import { untilCaughtUp } from './full/catch-up.ts';
import { listToCompare } from './history/list-to-compare.ts';
import { settleAnnouncements } from './history/settle-announcements.ts';
import { warnOfOtherReaders } from './other-readers.ts';
import type { RunParts } from './run-parts.ts';
import type { SnapshotterRequest } from './snapshotter-request.ts';
import { decideStart } from './start-decision.ts';

/** What a run begins with. */
interface Beginning {
  readonly request: Pick<SnapshotterRequest, 'cluster' | 'schedule' | 'start' | 'deltaPeriodMs' | keyof Packing>;
  readonly parts: Pick<
    RunParts,
    'store' | 'chain' | 'concurrentWriters' | 'appearances' | 'fullLoop' | 'guard' | 'outageRetry'
  >;
  /** Aborts when the run begins to end. */
  readonly ending: AbortSignal;
}

/** Where a run begins to follow the cluster. */
export interface BegunRun {
  /** All up to here is in the store. */
  readonly covered: Revision;
  /** Why a full is due at once, which need not be waited for; undefined when none is. */
  readonly fullNow: string | undefined;
}

/**
 * Reads what the store holds, which the cluster has to continue; then takes the first full, or finds that deltas can continue what is
 * stored.
 */
export async function beginRun(beginning: Beginning, context: RunContext): Promise<BegunRun> {
  const { request, parts, ending } = beginning;
  const { store, outageRetry } = parts;
  const { signal } = context;
  const list = (): Promise<StoreListing> =>
    outageRetry.persist('list what is stored', () => store.list({ signal }), { signal, ending, onlyReads: true });
  const listing = await listToCompare(list, context);
  if (listing !== undefined) {
    parts.concurrentWriters.compare(listing.snapshots);
    parts.appearances.note(listing.snapshots);
    const { living } = historiesOf(listing.snapshots, listing.markers);
    parts.chain.follow(living.snapshots, Math.floor(context.clock.now() / 1000));
    await warnOfOtherReaders({ store, packing: request }, listing, context);
    await parts.guard.learn(listing, context);
    await settleAnnouncements(store, listing, context);
  }
  // Where there are no deltas, nothing could go on meanwhile.
  const mayResume = listing !== undefined && (request.start === 'as needed' || request.deltaPeriodMs !== undefined);
  const resumed = mayResume ? await resumeChain(beginning, listing, context) : undefined;
  if (resumed !== undefined) {
    return resumed;
  }
  const { lastRevision } = await parts.fullLoop.take({ final: false, unreachable: 'fail' }, context.signal);
  return { covered: lastRevision, fullNow: undefined };
}

/** Goes on from the newest chain in the store; undefined when a full has to come first. */
async function resumeChain(
  { request, parts }: Beginning,
  { snapshots, markers }: StoreListing,
  context: RunContext,
): Promise<BegunRun | undefined> {
  const { cluster, schedule, start, deltaPeriodMs } = request;
  const { chain, guard } = parts;
  const { signal, clock, log } = context;
  const { living } = historiesOf(snapshots, markers);
  const decision = decideStart({ listing: living.snapshots, schedule, now: clock.now() });
  if (decision.begin === 'full') {
    log.info(`Taking a full snapshot first: ${decision.why}`);
    return undefined;
  }
  const fullNow = start === 'full' ? 'each run begins with one' : decision.fullNow;
  if (fullNow !== undefined && deltaPeriodMs === undefined) {
    log.info(`Taking a full snapshot first: ${fullNow}`);
    return undefined;
  }
  const covered = (decision.deltas.at(-1) ?? decision.base).lastRevision;
  const broken = await guard.breakNow(covered, context);
  if (broken !== undefined) {
    const { revision } = await cluster.status({ signal });
    log.warn(`etcd is at revision ${revision}, the backup at ${covered}: taking a full snapshot`);
    return undefined;
  }
  // A full of a member that has not applied all of its log would hold less than the store has already.
  await untilCaughtUp({ cluster, stored: covered, accepted: revision(0) }, context);
  if (guard.history.lastRevision !== covered) {
    log.info('Taking a full snapshot first: nothing proves that the cluster continues the newest backup');
    return undefined;
  }
  chain.resume(decision.base, decision.deltas);
  guard.resumes();
  log.info(`Going on from the backup in the store, which reaches revision ${covered}`);
  return { covered, fullNow };
}
