import type { EtcdCluster, WatchOptions } from '../../../etcd/cluster.ts';
import { CompactedFailure, HistoryChangedFailure, TransactionTooLarge } from '../../../etcd/etcd-failure.ts';
import { nextRevision, type Revision, revision } from '../../../revision.ts';
import { ArmedBackoff } from '../../../runtime/async/armed-backoff.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/log/logger.ts';
import { promptBufferCollection } from '../../../runtime/memory/prompt-buffer-collection.ts';
import type { DeltaEvent } from '../../../snapshot/delta-event.ts';
import type { ChainState } from '../chain-state.ts';
import type { FullSnapshotLoop } from '../full/loop.ts';
import type { HistoryGuard } from '../history/history-guard.ts';
import type { RequiredSnapshots } from '../required-snapshots.ts';
import { drainWatch } from './drain-watch.ts';
import type { EventBuffer } from './event-buffer.ts';
import type { RevisionWatermark } from './revision-watermark.ts';
import { SpoolFull } from './spool.ts';
import type { UploadLoop } from './upload-loop.ts';
import type { WatchTurns } from './watch-turns.ts';

/** What the watch loop works with. */
export interface WatchLoopParts {
  readonly cluster: EtcdCluster;
  readonly buffer: EventBuffer;
  readonly uploadLoop: UploadLoop;
  readonly fullLoop: FullSnapshotLoop;
  readonly chain: ChainState;
  readonly guard: HistoryGuard;
  readonly turns: WatchTurns;
  /** Moves to each revision that has arrived. */
  readonly watermark: RevisionWatermark;
  readonly required: RequiredSnapshots;
  /** Aborts when what has not arrived is not to be waited for at the end. */
  readonly abandoned: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The waits between fulls when a full did not help the watch: each full is a whole database. */
const fruitlessFulls = { firstMs: 1_000, multiplier: 2, longestMs: 60_000 };

/**
 * Buffers every change from `from` on, until the signal aborts. When the next change no longer exists in etcd, when there is no
 * room for it because the store is too slow, or when etcd has another history, a full takes over and the watch goes on after it.
 * Where nothing arrives after that either, the next full comes after a wait, longer each time.
 */
export async function runWatchLoop(from: Revision, parts: WatchLoopParts, stop: AbortSignal): Promise<void> {
  const { buffer, uploadLoop, fullLoop, chain, guard, turns, clock, log } = parts;
  using drain = drainWatch(stop, parts);
  const backoff = new ArmedBackoff(fruitlessFulls);
  let next = from;
  while (!drain.signal.aborted) {
    drain.arrived(revision(next - 1));
    let { history } = guard;
    try {
      const outcome = await turns.take(async (signal) => {
        history = guard.history;
        log.info(`Applied watch on etcd from revision: ${next}`);
        await bufferBatches({ from: next, history, signal }, parts, (reached) => {
          drain.arrived(reached);
          if (reached >= next) {
            backoff.disarm();
          }
        });
      }, drain.signal);
      if (outcome === 'interrupted') {
        // That is when the new history has its first full.
        await turns.allowed(drain.signal);
        next = nextRevision(chain.newest.full?.lastRevision ?? revision(0));
      }
    } catch (error) {
      if (stop.aborted) {
        throw error;
      }
      await backoff.wait(clock, stop, (ms) =>
        log.warn(`The last full has not helped the watch: waiting ${ms / 1_000} s`),
      );
      backoff.arm();
      if (error instanceof HistoryChangedFailure) {
        if (error.change === 'unproven') {
          log.warn(`${error.message}. Taking a full snapshot.`);
          await uploadLoop.write();
        }
        next = nextRevision(await fullLoop.takeAfterBreak(error, history, stop));
      } else if (error instanceof CompactedFailure) {
        log.warn(`${error.message}. Taking a full snapshot.`);
        await uploadLoop.write();
        next = nextRevision(await fullLoop.takeAfter(error, next, stop));
      } else if (error instanceof SpoolFull || error instanceof TransactionTooLarge) {
        log.warn(`${error.message}. Taking a full snapshot in place of the events that wait.`);
        await buffer.clear();
        next = nextRevision((await fullLoop.take({ final: false, unreachable: 'wait' }, stop)).lastRevision);
      } else {
        throw error;
      }
    }
  }
}

async function bufferBatches(
  watch: WatchOptions,
  { cluster, buffer, watermark, required }: WatchLoopParts,
  arrived: (revision: Revision) => void,
): Promise<void> {
  using buffers = promptBufferCollection();
  for await (const batch of cluster.watch(watch)) {
    if (watch.signal.aborted) {
      return;
    }
    await buffer.add(batch.events);
    buffers.discarded(bytesOf(batch.events));
    if (batch.events.length > 0) {
      required.changed();
    }
    watermark.reach(batch.revision);
    arrived(batch.revision);
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
