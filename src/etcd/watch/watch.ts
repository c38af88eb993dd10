import type { Revision } from '../../revision.ts';
import type { WatchBatch } from '../cluster.ts';
import type { MemberClient } from '../connection/member-client.ts';
import { Resumption, type WatchParts } from './resumption.ts';
import { watchAt } from './watch-attempt.ts';

/**
 * Watches every key from `from` on. When the connection is lost, the watch goes on over a new stream, perhaps at another
 * member, from the revision after the last that was delivered. While etcd cannot be reached it tries without end.
 * Throws a CompactedFailure, and other failures when another try cannot help. Ends when the signal aborts.
 */
export async function* watch(
  parts: WatchParts,
  { from, signal }: { readonly from: Revision; readonly signal: AbortSignal },
): AsyncGenerator<WatchBatch> {
  const resumption = new Resumption(parts, from);
  while (!signal.aborted) {
    let member: MemberClient | undefined;
    try {
      const login = { action: 'log in at', signal, timeoutMs: parts.acceptTimeoutMs };
      const { at, token } = await parts.pool.once(login, async (each, bounds) => ({ at: each, token: bounds.token }));
      member = at;
      const batches = watchAt(at, {
        from: resumption.next,
        signal,
        token,
        clock: parts.clock,
        acceptTimeoutMs: parts.acceptTimeoutMs,
        onAccepted: (header) => resumption.accepted(header, at),
      });
      for await (const batch of batches) {
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
