import type { ClusterMembers } from '../../src/etcd/members.ts';
import type { EtcdCallParts, EtcdCalls } from './etcd-calls.ts';
import type { ModelMember } from './model-member.ts';

type Changes = Pick<ClusterMembers, 'list' | 'addLearner' | 'promote' | 'remove' | 'updatePeerUrls'>;

/** Answers get lost once in so many changes. */
const lostOneIn = 12;

/** The list of members and the changes of it, as one process asks for them. An answer may get lost after its change. */
export function changeMembers(calls: EtcdCalls, { cluster, streams, process }: EtcdCallParts): Changes {
  const { list } = cluster;
  const random = streams.of(`${process.name} changes`);
  const change = <T>(effect: (member: ModelMember) => T): ((member: ModelMember) => T) => {
    return (member) => {
      const result = effect(member);
      cluster.otherEntry();
      cluster.changed();
      if (random.oneIn(lostOneIn)) {
        throw calls.failure('etcd_unreachable', 'the answer was lost');
      }
      return result;
    };
  };
  return {
    list: (call) => calls.any('list', () => list.entries, call),
    addLearner: (peerUrls, call) =>
      calls.any(
        'add a learner',
        change(() => list.addLearner(cluster.newId(), peerUrls)),
        call,
      ),
    promote: (id, call) =>
      calls.any(
        'promote',
        change(() => list.promote(id, cluster.hasCaughtUp(id))),
        call,
      ),
    remove: (id, call) =>
      calls.any(
        'remove',
        change(() => {
          if (!cluster.mayRemove(id)) {
            throw calls.failure('etcd_refused', 'too few members are started');
          }
          cluster.remove(id);
        }),
        call,
      ),
    updatePeerUrls: (id, peerUrls, call) =>
      calls.any(
        'update peer URLs',
        change((member) => {
          list.updatePeerUrls(id, peerUrls);
          cluster.moved.set(id, { by: process, starts: cluster.at(id)?.starts ?? member.starts });
        }),
        call,
      ),
  };
}
