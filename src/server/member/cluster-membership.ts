import type { PlaceInCluster } from '../../operations/initialize/place-in-cluster.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { ClusterAccess, MemberContext } from './cluster-access.ts';
import { comparePeerUrls } from './compare-peer-urls.ts';
import { findPlace } from './find-place.ts';
import { joinCluster } from './join-cluster.ts';
import { leaveCluster } from './leave-cluster.ts';
import type { Membership, MembershipOptions, MetCluster, PeerUrlUpdate, Promotion } from './membership.ts';
import { promoteLearner } from './promote-learner.ts';

/** Asks the wrapper of etcd to end it, so that it starts again with its new configuration. */
export type StopWrapper = (options: MembershipOptions) => Promise<void>;

/** How a change of the cluster went, for metrics. */
export interface MembershipListener {
  /** `seconds` is the time it took. */
  changed(result: {
    readonly change: 'add learner' | 'remove';
    readonly seconds: number;
    readonly outcome: 'succeeded' | 'failed';
  }): void;
}

/** What a process itself remembers, where neither a lease nor another member does. */
const metBefore = 'this server has met its cluster before';

/** The membership of our member in a cluster of etcd. */
export class ClusterMembership implements Membership {
  readonly #access: ClusterAccess;
  readonly #stopWrapper: StopWrapper | undefined;
  readonly #listener: MembershipListener | undefined;
  readonly #context: Pick<RunContext, 'clock' | 'log'>;
  #met: MetCluster = 'none';
  /** Whether the cluster was asked for other peer URLs and etcd does not run with them yet; an answer may have been lost. */
  #restartIsDue = false;

  /** Without `stopWrapper` etcd is never stopped from here: its operator starts it again. */
  constructor(
    parts: {
      readonly access: ClusterAccess;
      readonly stopWrapper: StopWrapper | undefined;
      readonly listener?: MembershipListener | undefined;
    },
    context: Pick<RunContext, 'clock' | 'log'>,
  ) {
    this.#access = parts.access;
    this.#stopWrapper = parts.stopWrapper;
    this.#listener = parts.listener;
    this.#context = { clock: context.clock, log: context.log.child({ actor: 'member' }) };
  }

  /** What this process has met of the cluster of our member. A cluster that does not answer any more is not forgotten. */
  get met(): MetCluster {
    return this.#met;
  }

  async place({ signal, insists }: MembershipOptions & { readonly insists: boolean }): Promise<PlaceInCluster> {
    const place = await findPlace(this.#access, { insists }, this.#with(signal));
    if (place.kind === 'unreachable') {
      const remembered = insists && this.#met !== 'none' ? metBefore : undefined;
      return { ...place, remembered: place.remembered ?? remembered };
    }
    this.#met = place.kind === 'awaited' ? 'awaits our member' : 'a cluster';
    return place;
  }

  async join({ signal }: MembershipOptions): Promise<void> {
    await this.#timed('add learner', () => joinCluster(this.#access, this.#with(signal)));
    this.#met = 'awaits our member';
  }

  async leave({ signal }: MembershipOptions): Promise<void> {
    await this.#timed('remove', () => leaveCluster(this.#access, this.#with(signal)));
  }

  async promote({ signal }: MembershipOptions): Promise<Promotion> {
    const promotion = await promoteLearner(this.#access, this.#with(signal));
    if (promotion === 'promoted' || promotion === 'votes already') {
      this.#met = 'a cluster';
    }
    return promotion;
  }

  async updatePeerUrls({ signal }: MembershipOptions): Promise<PeerUrlUpdate> {
    await comparePeerUrls(this.#access, this.#with(signal), () => {
      this.#restartIsDue = true;
    });
    if (!this.#restartIsDue) {
      return 'unchanged';
    }
    await this.#stopWrapper?.({ signal });
    this.#restartIsDue = false;
    return this.#stopWrapper === undefined ? 'updated, wants a restart' : 'updated and stopped';
  }

  #with(signal: AbortSignal): MemberContext {
    return { ...this.#context, signal };
  }

  async #timed(change: 'add learner' | 'remove', work: () => Promise<void>): Promise<void> {
    const { clock } = this.#context;
    const begunAt = clock.monotonic();
    const report = (outcome: 'succeeded' | 'failed'): void =>
      this.#listener?.changed({ change, seconds: (clock.monotonic() - begunAt) / 1_000, outcome });
    try {
      await work();
      report('succeeded');
    } catch (error) {
      report('failed');
      throw error;
    }
  }
}
