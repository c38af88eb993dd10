import type { MemberStatus } from '../etcd/cluster.ts';
import type { ClusterMembers } from '../etcd/members.ts';
import type { Clock } from '../runtime/clock.ts';

/** Our own etcd member, which may not be reachable yet. */
export interface OwnMember {
  /** See {@link ClusterMembers.ownStatus}. */
  ownStatus: ClusterMembers['ownStatus'];
}

/** The status of our member, or why there is none. */
export type Answer = { readonly status: MemberStatus } | { readonly why: unknown };

/**
 * Asks our own member for its status, for `timeoutMs` milliseconds and not longer, whatever etcd and the way to it do: calls have
 * deadlines of their own, to which a login before them and the search for a reason after them add. Rejects only when the
 * signal aborts.
 */
export async function askOwnMember(
  member: OwnMember,
  { timeoutMs, signal, clock }: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly clock: Clock },
): Promise<Answer> {
  const ended = new AbortController();
  const bounded = AbortSignal.any([signal, ended.signal]);
  const begunAt = clock.monotonic();
  const late = { why: new Error(`our etcd member did not answer within ${timeoutMs / 1_000} s`) };
  const time = clock.sleep(timeoutMs, bounded).then(
    (): Answer => late,
    (why: unknown): Answer => ({ why }),
  );
  const asked = member.ownStatus({ signal: bounded, timeoutMs }).then(
    (status): Answer => ({ status }),
    (why: unknown): Answer => ({ why }),
  );
  const answer = await Promise.race([asked, time]);
  ended.abort();
  signal.throwIfAborted();
  // A process that was stopped and goes on may find an answer from long ago.
  return clock.monotonic() - begunAt > timeoutMs ? late : answer;
}
