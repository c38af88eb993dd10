import type { EtcdCluster } from '../etcd/cluster.ts';
import { CompactedFailure } from '../etcd/etcd-failure.ts';
import type { BackupMetrics } from '../metrics/backup-metrics.ts';
import { nextRevision, type Revision, revision } from '../revision.ts';
import { BufferGarbage } from '../runtime/buffer-garbage.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { DeltaEvent } from '../snapshot/delta-event.ts';
import type { DeltaCollector } from './delta-collector.ts';
import { SpoolFull } from './delta-spool.ts';
import type { DeltaWriter } from './delta-writer.ts';
import type { FullTaker } from './full-taker.ts';
import { lastCall } from './last-call.ts';
import type { RevisionMark } from './revision-mark.ts';

/** What collecting needs. */
export interface CollectParts {
  readonly cluster: EtcdCluster;
  readonly collector: DeltaCollector;
  readonly deltas: DeltaWriter;
  readonly fulls: FullTaker;
  /** Told how far the watch has come. */
  readonly mark: RevisionMark;
  readonly metrics: BackupMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Gathers every change from `from` on, until the signal aborts. When the next change is no longer to be had, or there is
 * no room for it because the store is too slow, a full takes over and collecting goes on behind it.
 */
export async function collectChanges(from: Revision, parts: CollectParts, stop: AbortSignal): Promise<void> {
  const { collector, deltas, fulls, log } = parts;
  using last = lastCall(stop, parts);
  last.arrived(revision(from - 1));
  let next = from;
  while (!last.signal.aborted) {
    try {
      log.info(`Applied watch on etcd from revision: ${next}`);
      await collectBatches(next, parts, last);
    } catch (error) {
      if (stop.aborted) {
        throw error;
      }
      if (error instanceof CompactedFailure) {
        log.warn(`${error.message}. Taking a full snapshot.`);
        await deltas.write();
        next = nextRevision(await fulls.takeAfter(error, stop));
      } else if (error instanceof SpoolFull) {
        log.warn(`${error.message}. Taking a full snapshot in place of the events that wait.`);
        await collector.clear();
        next = nextRevision((await fulls.take({ final: false, unreachable: 'wait' }, stop)).lastRevision);
      } else {
        throw error;
      }
    }
  }
}

async function collectBatches(
  from: Revision,
  { cluster, collector, mark, metrics }: CollectParts,
  last: ReturnType<typeof lastCall>,
): Promise<void> {
  const garbage = new BufferGarbage();
  for await (const batch of cluster.watch({ from, signal: last.signal })) {
    await collector.add(batch.events);
    garbage.left(bytesOf(batch.events));
    if (batch.events.length > 0) {
      metrics.snapshotRequired('Incr', 'required');
      metrics.snapshotRequired('Full', 'required');
    }
    mark.reach(batch.revision);
    last.arrived(batch.revision);
  }
}

/** Bytes of keys and values. */
function bytesOf(events: readonly DeltaEvent[]): number {
  let bytes = 0;
  for (const event of events) {
    bytes += event.key.length + (event.type === 'put' ? event.value.length : 0);
  }
  return bytes;
}
