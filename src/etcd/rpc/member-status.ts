import type { IStatusResponse } from 'etcd3';
import { revision } from '../../revision.ts';
import type { MemberStatus } from '../cluster.ts';
import type { MemberPool, MemberWork, PoolCall } from '../connection/member-pool.ts';
import { EtcdFailure } from '../etcd-failure.ts';
import { statusRpc } from './rpc.ts';

/** Asks a member for its status. */
export const askStatus: MemberWork<MemberStatus> = async (member, bounds) => {
  const answer = await member.unary(statusRpc, {}, bounds);
  try {
    return statusIn(answer, member.endpoint.url);
  } catch (cause) {
    throw new EtcdFailure({
      code: 'etcd_refused',
      action: 'ask the status of',
      object: member.endpoint.url,
      found: 'its answer is not that of an etcd',
      remedy: 'check that an etcd with the v3 API listens there',
      ofTheMember: true,
      cause,
    });
  }
};

/** The status of each member of a pool that answers. */
export async function askStatuses(pool: MemberPool, call: PoolCall): Promise<readonly MemberStatus[]> {
  const asked = await Promise.allSettled(pool.members.map((member) => pool.at(member, call, askStatus)));
  call.signal.throwIfAborted();
  return asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}

/** Throws what JavaScript throws when a number or the header is missing. */
function statusIn(answer: IStatusResponse, endpoint: string): MemberStatus {
  // etcd writes "no leader" as 0, which is no member's id.
  const leaderId = BigInt(answer.leader);
  return {
    endpoint,
    version: answer.version,
    clusterId: BigInt(answer.header.cluster_id),
    memberId: BigInt(answer.header.member_id),
    leaderId: leaderId === 0n ? undefined : leaderId,
    isLearner: answer.isLearner,
    revision: revision(Number(answer.header.revision)),
    dbSize: Number(answer.dbSize),
    raftTerm: BigInt(answer.raftTerm),
    raftIndex: BigInt(answer.raftIndex),
  };
}
