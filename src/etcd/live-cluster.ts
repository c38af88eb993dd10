import type { RunContext } from '../runtime/run-context.ts';
import type { ClusterAlarm, EtcdCluster, EtcdConnectionOptions, MemberStatus } from './cluster.ts';
import type { ClusterPosition } from './cluster-history.ts';
import type { ClusterPools } from './connection/cluster-pools.ts';
import type { PoolCall } from './connection/member-pool.ts';
import { readAlarms } from './rpc/alarm-text.ts';
import { askPosition } from './rpc/member-position.ts';
import { askStatus, askStatuses } from './rpc/member-status.ts';
import { askUsersState } from './rpc/member-users.ts';
import { defragmentRpc, leaseTimeToLiveRpc, statusRpc } from './rpc/rpc.ts';
import { readSnapshot } from './snapshot/read-snapshot.ts';
import { watch } from './watch/watch.ts';

type Settings = Pick<
  EtcdConnectionOptions,
  'connectionTimeoutMs' | 'snapshotTimeoutMs' | 'defragTimeoutMs' | 'snapshotFrom'
>;

/** How long a quorum may take to answer, ms; without one a member would try for longer. */
const quorumTimeoutMs = 5_000;

/** A cluster reached over gRPC. */
export class LiveCluster implements EtcdCluster {
  readonly #pools: ClusterPools;
  readonly #settings: Settings;
  readonly #context: Pick<RunContext, 'clock' | 'log'>;

  constructor(pools: ClusterPools, settings: Settings, context: Pick<RunContext, 'clock' | 'log'>) {
    this.#pools = pools;
    this.#settings = settings;
    this.#context = context;
    pools.acquire(this);
  }

  get location(): string {
    return this.#pools.anyMember.location;
  }

  async status({ signal, reaching }: Parameters<EtcdCluster['status']>[0]): Promise<MemberStatus> {
    const call = this.#shortCall('ask the status of', signal);
    const { anyMember } = this.#pools;
    const first = await anyMember.anywhere(call, askStatus);
    if (reaching === undefined || first.revision >= reaching || anyMember.size === 1) {
      return first;
    }
    return (await askStatuses(anyMember, call)).find(({ revision }) => revision >= reaching) ?? first;
  }

  async position({ signal }: { readonly signal: AbortSignal }): Promise<ClusterPosition> {
    const call = this.#shortCall('ask the revision of', signal);
    const timeoutMs = Math.min(call.timeoutMs, quorumTimeoutMs);
    return await this.#pools.anyMember.anywhere({ ...call, timeoutMs }, askPosition);
  }

  async members({ signal }: { readonly signal: AbortSignal }): Promise<readonly MemberStatus[]> {
    const { endpoints } = this.#pools;
    const call = this.#shortCall('ask the status of', signal);
    return await Promise.all(endpoints.members.map((member) => endpoints.at(member, call, askStatus)));
  }

  async alarms({ signal }: { readonly signal: AbortSignal }): Promise<readonly ClusterAlarm[]> {
    const { errors } = await this.#pools.anyMember.anywhere(
      this.#shortCall('ask the alarms of', signal),
      (member, bounds) => member.unary(statusRpc, {}, bounds),
    );
    return readAlarms(errors ?? []);
  }

  async usersState({ signal }: { readonly signal: AbortSignal }): Promise<string> {
    return await this.#pools.anyMember.anywhere(this.#shortCall('ask the users of', signal), askUsersState);
  }

  async defragment(endpoint: string, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { endpoints } = this.#pools;
    const member = endpoints.members.find((each) => each.endpoint.url === endpoint);
    if (member === undefined) {
      throw new TypeError(`${endpoint} is no member of this cluster`);
    }
    const call = { action: 'defragment', signal, timeoutMs: this.#settings.defragTimeoutMs };
    await endpoints.at(member, call, (at, bounds) => at.unary(defragmentRpc, {}, bounds));
  }

  async leaseTtl(lease: bigint, { signal }: { readonly signal: AbortSignal }): Promise<number | undefined> {
    const { TTL, grantedTTL } = await this.#pools.anyMember.anywhere(
      this.#shortCall('ask the leases of', signal),
      (member, bounds) => member.unary(leaseTimeToLiveRpc, { ID: String(lease) }, bounds),
    );
    // For a lease that is gone etcd answers that -1 seconds are left.
    return Number(TTL) < 0 || Number(grantedTTL) <= 0 ? undefined : Number(grantedTTL);
  }

  snapshot(options: Parameters<EtcdCluster['snapshot']>[0]): ReturnType<EtcdCluster['snapshot']> {
    return readSnapshot(this.#pools.anyMember, this.#settings, options);
  }

  watch(options: Parameters<EtcdCluster['watch']>[0]): ReturnType<EtcdCluster['watch']> {
    const acceptTimeoutMs = this.#settings.connectionTimeoutMs;
    return watch({ pool: this.#pools.anyMember, acceptTimeoutMs, ...this.#context }, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#pools.release(this);
    return Promise.resolve();
  }

  #shortCall(action: string, signal: AbortSignal): PoolCall {
    return { action, signal, timeoutMs: this.#settings.connectionTimeoutMs };
  }
}
