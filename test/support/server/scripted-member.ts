import type { MemberStatus } from '../../../src/etcd/cluster.ts';
import { EtcdFailure } from '../../../src/etcd/etcd-failure.ts';
import type { MembershipCall } from '../../../src/etcd/members.ts';
import { revision } from '../../../src/revision.ts';
import type { OwnMember } from '../../../src/server/own-member.ts';

/** What a scripted member answers. */
export type MemberIs = 'leader' | 'follower' | 'learner' | 'without leader' | 'refusing' | 'hanging';

/** Our own member, whose answers a test chooses. */
export class ScriptedMember implements OwnMember {
  is: MemberIs = 'refusing';
  /** What it is for the next questions, one each, before it is what it {@link is}. */
  readonly once: MemberIs[] = [];
  /** How often it was asked. */
  asked = 0;

  /** Sets what it is from now on. */
  become(is: MemberIs): void {
    this.is = is;
  }

  /** The answer of a member that is `is` now, or after the call was made. */
  async ownStatus({ signal }: MembershipCall): Promise<MemberStatus> {
    this.asked += 1;
    const is = this.once.shift() ?? this.is;
    if (is === 'hanging') {
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      return await promise;
    }
    if (is === 'refusing') {
      throw new EtcdFailure({
        code: 'etcd_unreachable',
        action: 'ask the status of',
        object: 'http://scripted:2379',
        found: 'the connection is refused',
      });
    }
    return {
      endpoint: 'http://scripted:2379',
      version: '3.5.0',
      clusterId: 7n,
      memberId: 1n,
      leaderId: is === 'without leader' ? undefined : is === 'leader' ? 1n : 2n,
      isLearner: is === 'learner',
      revision: revision(58),
      dbSize: 0,
      raftTerm: 2n,
      raftIndex: 9n,
    };
  }
}
