import type { EtcdCluster } from '../../../etcd/cluster.ts';
import { CompactedFailure } from '../../../etcd/etcd-failure.ts';
import type { BackupMetrics } from '../../../metrics/backup-metrics.ts';
import { nextRevision, type Revision, revision } from '../../../revision.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/log/logger.ts';
import { promptBufferCollection } from '../../../runtime/memory/prompt-buffer-collection.ts';
import type { DeltaEvent } from '../../../snapshot/delta-event.ts';
import type { FullSnapshotLoop } from '../full/loop.ts';
import { drainWatch } from './drain-watch.ts';
import type { EventBuffer } from './event-buffer.ts';
import type { RevisionWatermark } from './revision-watermark.ts';
import { SpoolFull } from './spool.ts';
import type { UploadLoop } from './upload-loop.ts';

/** What collecting needs. */
export interface WatchLoopParts {
  readonly cluster: EtcdCluster;
  readonly collector: EventBuffer;
  readonly deltas: UploadLoop;
  readonly fulls: FullSnapshotLoop;
  /** Told how far the watch has come. */
  readonly mark: RevisionWatermark;
  readonly metrics: BackupMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Gathers every change from `from` on, until the signal aborts. When the next change is no longer to be had, or there is
 * no room for it because the store is too slow, a full takes over and collecting goes on behind it.
 */
export async function runWatchLoop(from: Revision, parts: WatchLoopParts, stop: AbortSignal): Promise<void> {
  const { collector, deltas, fulls, log } = parts;
  using last = drainWatch(stop, parts);
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
  { cluster, collector, mark, metrics }: WatchLoopParts,
  last: ReturnType<typeof drainWatch>,
): Promise<void> {
  using buffers = promptBufferCollection();
  for await (const batch of cluster.watch({ from, signal: last.signal })) {
    await collector.add(batch.events);
    buffers.discarded(bytesOf(batch.events));
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
