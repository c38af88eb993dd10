import type { EtcdCluster } from '../etcd/cluster.ts';
import { CompactedFailure } from '../etcd/etcd-failure.ts';
import type { BackupMetrics } from '../metrics/backup-metrics.ts';
import { nextRevision, type Revision, revision } from '../revision.ts';
import type { Clock } from '../runtime/clock.ts';
import { graceAfter } from '../runtime/grace.ts';
import type { Logger } from '../runtime/logger.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { together } from '../runtime/together.ts';
import { StoreError } from '../snapstore/store-error.ts';
import { BackupChain } from './backup-chain.ts';
import { collectGarbageRegularly, type ScheduledCollection } from './collection-schedule.ts';
import { DeltaCollector } from './delta-collector.ts';
import { DeltaWriter } from './delta-writer.ts';
import type { FullSnapshotRequest } from './full-snapshot.ts';
import { FullTaker } from './full-taker.ts';
import { lastCall } from './last-call.ts';

export { type FullSnapshotRequest, type FullSnapshotResult, takeFullSnapshot } from './full-snapshot.ts';

/** What a running snapshotter needs. */
export interface SnapshotterRequest extends Omit<FullSnapshotRequest, 'final'> {
  /** Standard 5-field cron for fulls. */
  readonly schedule: string;
  /** Below 1000 disables deltas. */
  readonly deltaPeriodMs: number;
  /** Bytes of collected events that trigger a delta early. */
  readonly deltaMemoryLimit: number;
  readonly collection: ScheduledCollection;
  readonly metrics?: BackupMetrics;
}

const shortestDeltaPeriodMs = 1_000;
/** How long deltas may still be written after the signal aborted, ms; the process is given 10 s in all. */
const leavingMs = 8_000;

/**
 * Takes a full snapshot at once and further ones by the schedule, and in between writes every change of the cluster
 * as deltas. Runs until the signal aborts (returns) or a snapshot fails (throws). Writes the delta collected so
 * far before leaving.
 */
export async function runSnapshotter(request: SnapshotterRequest, context: RunContext): Promise<void> {
  const { signal, clock } = context;
  const log = context.log.child({ actor: 'snapshotter' });
  const failed = new AbortController();
  using grace = graceAfter(AbortSignal.any([signal, failed.signal]), { ms: leavingMs, clock });
  const chain = new BackupChain();
  const collector = new DeltaCollector({ limitBytes: request.deltaMemoryLimit, clock });
  const deltas = new DeltaWriter(
    { ...request, collector, chain, periodMs: request.deltaPeriodMs },
    { signal: grace.signal, clock, log },
  );
  const fulls = new FullTaker({ ...request, collector, chain }, { ...context, log });
  const takesDeltas = request.deltaPeriodMs >= shortestDeltaPeriodMs;
  let failure: { readonly error: unknown } | undefined;
  try {
    const first = await fulls.take(signal);
    const collect = (stop: AbortSignal): Promise<void> =>
      collectFrom(nextRevision(first), { cluster: request.cluster, collector, deltas, fulls, clock, log }, stop);
    const deltaTasks = takesDeltas ? [collect, deltas.run.bind(deltas)] : [];
    const collectGarbage = (stop: AbortSignal): Promise<void> =>
      collectGarbageRegularly(request, { signal: stop, clock, log: context.log });
    await together([...deltaTasks, fulls.run.bind(fulls), collectGarbage], signal);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) {
      failure = { error };
    }
    failed.abort(error);
  }
  if (takesDeltas && chain.lastFull !== undefined && !(failure?.error instanceof StoreError)) {
    await writeBeforeLeaving(deltas, log);
  }
  if (failure !== undefined) {
    if (!signal.aborted) {
      throw failure.error;
    }
    log.warn({ error: failure.error }, `Failed while stopping: ${failure.error}`);
  }
  log.info('Closing the snapshotter.');
}

/** What collecting needs. */
interface CollectParts {
  readonly cluster: EtcdCluster;
  readonly collector: DeltaCollector;
  readonly deltas: DeltaWriter;
  readonly fulls: FullTaker;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Gathers every change from `from` on; takes a full when the next one is no longer to be had. */
async function collectFrom(from: Revision, parts: CollectParts, stop: AbortSignal): Promise<void> {
  const { cluster, collector, deltas, fulls, log } = parts;
  using last = lastCall(stop, parts);
  last.arrived(revision(from - 1));
  let next = from;
  while (!last.signal.aborted) {
    try {
      log.info(`Applied watch on etcd from revision: ${next}`);
      for await (const batch of cluster.watch({ from: next, signal: last.signal })) {
        await collector.add(batch.events, last.signal);
        last.arrived(batch.revision);
      }
    } catch (error) {
      if (!(error instanceof CompactedFailure) || stop.aborted) {
        throw error;
      }
      log.warn(`${error.message}. Taking a full snapshot.`);
      await deltas.write();
      next = nextRevision(await fulls.takeAfter(error, stop));
    }
  }
}

async function writeBeforeLeaving(deltas: DeltaWriter, log: Logger): Promise<void> {
  try {
    log.info('Writing the events collected so far before leaving');
    await deltas.write();
  } catch (error) {
    log.error({ error }, `Abandoned the events collected since the last delta snapshot: ${error}`);
  }
}
