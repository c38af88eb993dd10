import type { WatchBatch, WatchOptions } from '../cluster.ts';
import { ClusterHistory } from '../cluster-history.ts';
import type { MemberClient } from '../connection/member-client.ts';
import { askStatus } from '../rpc/member-status.ts';
import { differingSample } from './compare-samples.ts';
import { Resumption, type WatchParts } from './resumption.ts';
import { watchAt } from './watch-attempt.ts';

/**
 * Watches every key from `from` on. When the connection is lost, the watch goes on over a new stream, perhaps at another
 * member, from the revision after the last that was delivered, once that one has proved to be the same there. While etcd cannot
 * be reached it tries without end. Throws a CompactedFailure, a HistoryChangedFailure, and other failures when another try
 * cannot help. Ends when the signal aborts.
 */
export async function* watch(
  parts: WatchParts,
  { from, history = new ClusterHistory(), signal }: WatchOptions,
): AsyncGenerator<WatchBatch> {
  const resumption = new Resumption(parts, { from, history });
  while (!signal.aborted) {
    let member: MemberClient | undefined;
    try {
      const login = { action: 'connect to', signal, timeoutMs: parts.acceptTimeoutMs };
      const contradictionOf = resumption.expectation();
      const { at, token, raftIndex } = await parts.pool.once(login, async (each, bounds) => ({
        at: each,
        token: bounds.token,
        raftIndex: (await askStatus(each, bounds)).raftIndex,
      }));
      member = at;
      const batches = watchAt(at, {
        from: resumption.next,
        known: resumption.known,
        signal,
        token,
        clock: parts.clock,
        acceptTimeoutMs: parts.acceptTimeoutMs,
        onAccepted: (header) => resumption.accepted({ ...header, raftIndex }, at, contradictionOf),
      });
      let isCompared = false;
      for await (const batch of batches) {
        if (!isCompared) {
          const call = { action: 'read keys of', signal, timeoutMs: parts.acceptTimeoutMs };
          resumption.compared(await parts.pool.at(at, call, differingSample(history.samples)), at);
          isCompared = true;
        }
        resumption.delivered(batch);
        yield batch;
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      try {
        await resumption.afterFailure(error, member, signal);
      } catch (final) {
        if (signal.aborted) {
          return;
        }
        throw final;
      }
    }
  }
}
