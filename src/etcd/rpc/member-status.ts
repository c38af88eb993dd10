import { revision } from '../../revision.ts';
import type { MemberStatus } from '../cluster.ts';
import type { MemberWork } from '../connection/member-pool.ts';
import { statusRpc } from './rpc.ts';

/** Asks a member for its status. */
export const askStatus: MemberWork<MemberStatus> = async (member, bounds) => {
  const answer = await member.unary(statusRpc, {}, bounds);
  // etcd writes "no leader" as 0, which is no member's id.
  const leaderId = BigInt(answer.leader);
  return {
    endpoint: member.endpoint.url,
    version: answer.version,
    memberId: BigInt(answer.header.member_id),
    leaderId: leaderId === 0n ? undefined : leaderId,
    isLearner: answer.isLearner,
    revision: revision(Number(answer.header.revision)),
    dbSize: Number(answer.dbSize),
    raftTerm: BigInt(answer.raftTerm),
    raftIndex: BigInt(answer.raftIndex),
  };
};
