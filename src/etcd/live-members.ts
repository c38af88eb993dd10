import type { IMember } from 'etcd3';
import type { EtcdConnectionOptions, MemberStatus } from './cluster.ts';
import type { ClusterPools } from './connection/cluster-pools.ts';
import type { PoolCall } from './connection/member-pool.ts';
import { EtcdFailure } from './etcd-failure.ts';
import type { ClusterMember, ClusterMembers, MemberListCall, MembershipCall } from './members.ts';
import { askStatus } from './rpc/member-status.ts';
import { memberAddRpc, memberListRpc, memberPromoteRpc, memberRemoveRpc, memberUpdateRpc } from './rpc/rpc.ts';

/** The membership of a cluster reached over gRPC. */
export class LiveMembers implements ClusterMembers {
  readonly #pools: ClusterPools;
  readonly #defaultTimeoutMs: number;

  constructor(pools: ClusterPools, settings: Pick<EtcdConnectionOptions, 'connectionTimeoutMs'>) {
    this.#pools = pools;
    this.#defaultTimeoutMs = settings.connectionTimeoutMs;
    pools.acquire(this);
  }

  async ownStatus(call: MembershipCall): Promise<MemberStatus> {
    const { endpoints, anyMember } = this.#pools;
    const ask = (): Promise<MemberStatus> =>
      endpoints.at(endpoints.first, this.#poolCall('ask the status of', call), askStatus);
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof EtcdFailure && error.code === 'etcd_learner_refuses')) {
        throw error;
      }
      // A learner returns its status, but refuses logins. It accepts the token of a login at another member.
      await anyMember.anywhere(this.#poolCall('log in at', call), async () => {});
      return await ask();
    }
  }

  async list(call: MemberListCall): Promise<readonly ClusterMember[]> {
    const { members } = await this.#pools.anyMember.anywhere(
      this.#poolCall('list the members of the cluster at', call),
      (member, bounds) => member.unary(memberListRpc, { linearizable: call.as !== 'the member has it' }, bounds),
    );
    return members.map(clusterMember);
  }

  async addLearner(peerUrls: readonly string[], call: MembershipCall): Promise<ClusterMember> {
    const { member: added } = await this.#pools.anyMember.anywhere(
      this.#poolCall(`add the learner ${peerUrls.join(', ')} at`, call),
      (member, bounds) => member.unary(memberAddRpc, { peerURLs: [...peerUrls], isLearner: true }, bounds),
    );
    return clusterMember(added);
  }

  async promote(id: bigint, call: MembershipCall): Promise<void> {
    await this.#pools.anyMember.anywhere(this.#poolCall(`promote the member ${hex(id)} at`, call), (member, bounds) =>
      member.unary(memberPromoteRpc, { ID: String(id) }, bounds),
    );
  }

  async remove(id: bigint, call: MembershipCall): Promise<void> {
    await this.#pools.anyMember.anywhere(this.#poolCall(`remove the member ${hex(id)} at`, call), (member, bounds) =>
      member.unary(memberRemoveRpc, { ID: String(id) }, bounds),
    );
  }

  async updatePeerUrls(id: bigint, peerUrls: readonly string[], call: MembershipCall): Promise<void> {
    await this.#pools.anyMember.anywhere(
      this.#poolCall(`change the peer URLs of the member ${hex(id)} at`, call),
      (member, bounds) => member.unary(memberUpdateRpc, { ID: String(id), peerURLs: [...peerUrls] }, bounds),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#pools.release(this);
    return Promise.resolve();
  }

  #poolCall(action: string, { signal, timeoutMs = this.#defaultTimeoutMs }: MembershipCall): PoolCall {
    return { action, signal, timeoutMs };
  }
}

function clusterMember({ ID, name, peerURLs, clientURLs, isLearner }: IMember): ClusterMember {
  return {
    id: BigInt(ID),
    name: name === '' ? undefined : name,
    peerUrls: peerURLs,
    clientUrls: clientURLs,
    isLearner,
  };
}

/** An id as etcd's own tools show it. */
function hex(id: bigint): string {
  return id.toString(16);
}
