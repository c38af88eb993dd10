import { boundedCall } from '../../kube/bounded-call.ts';
import { type MemberNews, memberLeasePatch } from '../../kube/lease-patches.ts';
import type { Leases } from '../../kube/leases.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { LeaseCondition } from './lease-condition.ts';

/** How long one renewal may take at most, ms. */
const longestCallMs = 60_000;

/** The lease of our member and what it says. */
export interface HeartbeatRequest {
  readonly leases: Leases;
  /** The member's name is that of the lease. */
  readonly member: string;
  /** ms between the end of a renewal and the next. */
  readonly periodMs: number;
  /** What is known of the member now; undefined while etcd does not answer or knows no leader: the lease grows old then. */
  news(): Omit<MemberNews, 'now'> | undefined;
}

/** Renews the lease of our member, first after one period, until the context's signal aborts. A failure is a warning. */
export async function renewMemberLease(request: HeartbeatRequest, context: RunContext): Promise<void> {
  const { leases, member, periodMs } = request;
  const { clock, log, signal } = context;
  const condition = new LeaseCondition(`the lease of member ${member}`, log);
  for (;;) {
    await clock.sleep(periodMs, signal);
    const news = request.news();
    if (news === undefined) {
      continue;
    }
    try {
      await boundedCall(
        (stop) =>
          leases.renew(member, (lease) => memberLeasePatch(lease, { ...news, now: clock.now() }), { signal: stop }),
        { ms: longestCallMs, clock, signal },
      );
      condition.renewed();
    } catch (error) {
      signal.throwIfAborted();
      condition.failed(error);
    }
  }
}
