import { EtcdFailure } from '../../src/etcd/etcd-failure.ts';
import type { MembershipCall } from '../../src/etcd/members.ts';
import type { ModelCluster } from './model-cluster.ts';
import type { ModelMember } from './model-member.ts';
import type { RandomStreams } from './random-streams.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** What a call to etcd needs. */
export interface EtcdCallParts {
  readonly cluster: ModelCluster;
  /** The member next to the process that calls. */
  readonly member: ModelMember;
  readonly process: SimulatedProcess;
  readonly streams: RandomStreams;
}

/** Deadline of a call without its own, ms. */
const usualTimeoutMs = 5_000;

/** Calls of one process to the members of a model cluster. */
export class EtcdCalls {
  readonly #parts: EtcdCallParts;

  constructor(parts: EtcdCallParts) {
    this.#parts = parts;
  }

  /**
   * Asks the member next to the process. A member that is down refuses; one that cannot answer, or whose `effect` says so, lets the
   * deadline pass.
   */
  own<T>(question: string, effect: (member: ModelMember) => T | 'no answer', call: MembershipCall): Promise<T> {
    return this.#ask(question, () => this.#parts.member, effect, call);
  }

  /** Asks any member that can answer, as the service in front of all of them finds it. */
  any<T>(question: string, effect: (member: ModelMember) => T | 'no answer', call: MembershipCall): Promise<T> {
    const { cluster, member: own } = this.#parts;
    const answering = (): ModelMember =>
      cluster.members.find((member) => cluster.hasQuorum(member) && member.leader !== undefined && !member.isHanging) ??
      cluster.members.find(({ isUp }) => isUp) ??
      own;
    const confirmed = (member: ModelMember): T | 'no answer' =>
      cluster.hasQuorum(member) && member.leader !== undefined ? effect(member) : 'no answer';
    return this.#ask(question, answering, confirmed, call);
  }

  failure(code: 'etcd_unreachable' | 'etcd_timeout' | 'etcd_auth' | 'etcd_refused', found: string): EtcdFailure {
    return new EtcdFailure({ code, action: 'ask', object: `http://${this.#parts.member.name}:2379`, found });
  }

  #ask<T>(
    question: string,
    whom: () => ModelMember,
    effect: (member: ModelMember) => T | 'no answer',
    { signal, timeoutMs = usualTimeoutMs }: MembershipCall,
  ): Promise<T> {
    const { process, streams } = this.#parts;
    const random = streams.of(`${process.name} ${question}`);
    let late = false;
    const once = (): T => {
      const member = whom();
      if (!member.isUp) {
        throw this.failure('etcd_unreachable', 'the connection is refused');
      }
      const result = member.isHanging ? 'no answer' : this.#admitted(member, effect);
      if (result === 'no answer') {
        late = true;
        throw this.failure('etcd_timeout', `no answer within ${timeoutMs / 1_000} s`);
      }
      return result as T;
    };
    return process
      .call(once, { thereMs: random.integer(20), backMs: random.integer(20) }, signal)
      .catch(async (error) => {
        if (late) {
          await process.clock.sleep(timeoutMs, signal);
        }
        throw error;
      });
  }

  #admitted<T>(member: ModelMember, effect: (member: ModelMember) => T): T {
    if (member.isLocked) {
      throw this.failure('etcd_auth', 'the login was refused');
    }
    return effect(member);
  }
}
