import { boundedCall } from '../../kube/bounded-call.ts';
import { type MemberNews, memberLeasePatch } from '../../kube/lease-patches.ts';
import type { Leases } from '../../kube/leases.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { LeaseCondition } from './lease-condition.ts';

/**
 * How long one renewal may take at most, ms: with the usual period the next one, over a new connection, still comes within the minute
 * after which etcd-druid does not know any more whether the member is well.
 */
const longestCallMs = 20_000;

/** The lease of our member and what it says. */
export interface HeartbeatRequest {
  /** Opens the leases, or gives those that are open. */
  leases(): Promise<Leases>;
  /** What etcd's configuration says of our member, whose name is that of the lease. */
  member(): Promise<{ readonly name: string; readonly peers: MemberNews['peers'] }>;
  /** ms between the end of a renewal and the next. */
  readonly periodMs: number;
}

/** What etcd has said of our member. */
export type LookedAtMember = Pick<MemberNews, 'memberId' | 'clusterId' | 'role'>;

/**
 * Renews the lease of our member. It begins when etcd has answered for the first time, with a renewal after one period, and pauses while
 * the member is out of reach, so that its lease grows old. A failure is a warning, and nothing waits for a renewal.
 */
export class MemberHeartbeat {
  readonly #request: HeartbeatRequest;
  readonly #context: RunContext;
  readonly #condition: LeaseCondition;
  #running: Promise<void> | undefined;
  #isPaused = false;
  #looked: LookedAtMember | undefined;

  /** The context's signal ends it. */
  constructor(request: HeartbeatRequest, context: RunContext) {
    this.#request = request;
    this.#context = context;
    this.#condition = new LeaseCondition('the lease of our member', context.log);
  }

  /** Begins, or goes on after a pause. */
  renew(): void {
    this.#isPaused = false;
    this.#running ??= this.#run();
  }

  /** Renews nothing until {@link renew} is called. */
  pause(): void {
    this.#isPaused = true;
  }

  /** What the newest look has found. */
  looked(member: LookedAtMember): void {
    this.#looked = member;
  }

  /** Resolves when it has ended. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, signal } = this.#context;
    while (!signal.aborted) {
      try {
        await clock.sleep(this.#request.periodMs, signal);
        if (!this.#isPaused && this.#looked !== undefined) {
          await this.#renewOnce(this.#looked);
          this.#condition.renewed();
        }
      } catch (error) {
        if (!signal.aborted) {
          this.#condition.failed(error);
        }
      }
    }
  }

  async #renewOnce(looked: LookedAtMember): Promise<void> {
    const { clock, signal } = this.#context;
    await boundedCall(
      async (stop) => {
        const [leases, { name, peers }] = await Promise.all([this.#request.leases(), this.#request.member()]);
        const news = { ...looked, peers, now: clock.now() };
        await leases.renew(name, (lease) => memberLeasePatch(lease, news), { signal: stop });
      },
      { ms: longestCallMs, clock, signal },
    );
  }
}
