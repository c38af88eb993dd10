import type { Revision } from '../../revision.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { RunParts } from './run-parts.ts';
import type { SnapshotterRequest } from './snapshotter-request.ts';
import { decideStart } from './start-decision.ts';

/** Takes the first full, or finds out that none is needed. Returns the revision up to which all is in the store. */
export async function beginRun(
  request: Pick<SnapshotterRequest, 'cluster' | 'schedule' | 'start'>,
  parts: Pick<RunParts, 'store' | 'chain' | 'concurrentWriters' | 'fullLoop'>,
  context: RunContext,
): Promise<Revision> {
  const resumed = request.start === 'as needed' ? await resumeChain(request, parts, context) : undefined;
  return resumed ?? (await parts.fullLoop.take({ final: false, unreachable: 'fail' }, context.signal)).lastRevision;
}

/** Goes on from the newest chain in the store and returns its last revision; undefined when a full has to come first. */
async function resumeChain(
  { cluster, schedule }: Pick<SnapshotterRequest, 'cluster' | 'schedule'>,
  { store, chain, concurrentWriters }: Pick<RunParts, 'store' | 'chain' | 'concurrentWriters'>,
  { signal, clock, log }: RunContext,
): Promise<Revision | undefined> {
  const { snapshots } = await store.list({ signal });
  concurrentWriters.compare(snapshots);
  const decision = decideStart({ listing: snapshots, schedule, now: clock.now() });
  if (decision.begin === 'full') {
    log.info(`Taking a full snapshot first: ${decision.why}`);
    return undefined;
  }
  const covered = (decision.deltas.at(-1) ?? decision.base).lastRevision;
  const { revision } = await cluster.status({ signal });
  if (revision < covered) {
    log.warn(`etcd is at revision ${revision}, the backup at ${covered}: taking a full snapshot`);
    return undefined;
  }
  chain.resume(decision.base, decision.deltas);
  log.info(`Going on from the backup in the store, which reaches revision ${covered}`);
  return covered;
}
