import { revision } from '../../revision.ts';
import type { ClusterPosition } from '../cluster-history.ts';
import type { MemberWork } from '../connection/member-pool.ts';
import { rangeRpc, statusRpc } from './rpc.ts';

/** A key that is hardly ever used; its value is not asked for. */
const probedKey = Buffer.from([0]);

/**
 * Asks a member for the position of its cluster. A linearizable read makes it catch up with all that a quorum has accepted; its
 * status then has the raft index.
 */
export const askPosition: MemberWork<ClusterPosition> = async (member, bounds) => {
  const request = { key: probedKey, limit: 1, keys_only: true, serializable: false };
  const { header } = await member.unary(rangeRpc, request, bounds);
  const { raftIndex } = await member.unary(statusRpc, {}, bounds);
  return {
    clusterId: BigInt(header.cluster_id),
    revision: revision(Number(header.revision)),
    raftTerm: BigInt(header.raft_term),
    raftIndex: BigInt(raftIndex),
  };
};
