import { EtcdFailure } from '../../etcd/etcd-failure.ts';
import { findOwnMember } from '../../operations/initialize/find-own-member.ts';
import { Failure } from '../../runtime/failure.ts';
import type { ClusterAccess, MemberContext } from './cluster-access.ts';
import type { Promotion } from './membership.ts';

/** How long each member may take to answer, ms. */
const ANSWER_MS = 30_000;

/** Gives our learner its vote, if it has caught up with the leader. One attempt. */
export async function promoteLearner(access: ClusterAccess, { signal }: MemberContext): Promise<Promotion> {
  const { members } = access;
  const own = await access.own();
  const call = { signal, timeoutMs: ANSWER_MS };
  const self = findOwnMember(await members.list(call), own);
  if (self === undefined) {
    throw new Failure({
      code: 'etcd_member_not_found',
      action: 'promote',
      object: own.name,
      found: 'its cluster has no member of this name',
      remedy: 'its directory is looked at when etcd starts again, and it joins then',
    });
  }
  if (!self.isLearner) {
    return 'votes already';
  }
  try {
    await members.promote(self.id, call);
    return 'promoted';
  } catch (error) {
    if (error instanceof EtcdFailure && error.code === 'etcd_learner_not_ready') {
      return 'not ready';
    }
    if (error instanceof EtcdFailure && error.code === 'etcd_not_a_learner') {
      return 'votes already';
    }
    throw error;
  }
}
