import { EtcdFailure, type EtcdFailureCode } from '../../../src/etcd/etcd-failure.ts';
import type { ClusterMember, ClusterMembers } from '../../../src/etcd/members.ts';
import { revision } from '../../../src/revision.ts';

/** What a call to the model does instead of what it is asked. */
export type Refusal = EtcdFailureCode | 'lost answer';

type Call = 'ownStatus' | 'list' | 'addLearner' | 'promote' | 'remove' | 'updatePeerUrls';

/** The members of a cluster, in memory, with refusals that a test plans for its next calls. */
export class ModelMembers implements ClusterMembers {
  readonly calls: string[] = [];
  members: ClusterMember[];
  /** Id of the member at the first endpoint. */
  own = 1n;
  readonly #refusals = new Map<Call, Refusal[]>();

  constructor(...members: readonly Partial<ClusterMember>[]) {
    this.members = members.map((member, at) => ({
      id: BigInt(at + 1),
      name: `m${at}`,
      peerUrls: [`http://m${at}:2380`],
      clientUrls: [`http://m${at}:2379`],
      isLearner: false,
      ...member,
    }));
  }

  /** The next calls of this kind are refused, one after the other; `lost answer` does the work and then times out. */
  refuse(call: Call, ...refusals: readonly Refusal[]): void {
    this.#refusals.set(call, [...refusals]);
  }

  async ownStatus(): ReturnType<ClusterMembers['ownStatus']> {
    return await this.#do('ownStatus', '', () => ({
      endpoint: 'http://own',
      version: '3.5.0',
      clusterId: 9n,
      memberId: this.own,
      leaderId: 1n,
      isLearner: false,
      revision: revision(1),
      dbSize: 1,
      raftTerm: 2n,
      raftIndex: 3n,
    }));
  }

  async list(): Promise<readonly ClusterMember[]> {
    return await this.#do('list', '', () => [...this.members]);
  }

  async addLearner(peerUrls: readonly string[]): Promise<ClusterMember> {
    return await this.#do('addLearner', peerUrls.join(), () => {
      if (this.members.some((member) => member.peerUrls.some((url) => peerUrls.includes(url)))) {
        throw failure('etcd_member_exists');
      }
      const added = { id: 100n, name: undefined, peerUrls, clientUrls: [], isLearner: true };
      this.members.push(added);
      return added;
    });
  }

  async promote(id: bigint): Promise<void> {
    await this.#do('promote', String(id), () => {});
  }

  async remove(id: bigint): Promise<void> {
    await this.#do('remove', String(id), () => {
      if (!this.members.some((member) => member.id === id)) {
        throw failure('etcd_member_not_found');
      }
      this.members = this.members.filter((member) => member.id !== id);
    });
  }

  async updatePeerUrls(id: bigint, peerUrls: readonly string[]): Promise<void> {
    await this.#do('updatePeerUrls', `${id} ${peerUrls.join()}`, () => {
      this.members = this.members.map((member) => (member.id === id ? { ...member, peerUrls } : member));
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #do<T>(call: Call, what: string, work: () => T): Promise<T> {
    this.calls.push(what === '' ? call : `${call} ${what}`);
    const refusal = this.#refusals.get(call)?.shift();
    if (refusal !== undefined && refusal !== 'lost answer') {
      return Promise.reject(failure(refusal));
    }
    try {
      const done = work();
      return refusal === undefined ? Promise.resolve(done) : Promise.reject(failure('etcd_timeout'));
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

/** A failure of etcd with this code. */
export function failure(code: EtcdFailureCode): EtcdFailure {
  return new EtcdFailure({ code, action: 'ask', object: 'the model', found: code });
}
