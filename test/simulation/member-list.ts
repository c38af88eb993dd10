import { EtcdFailure } from '../../src/etcd/etcd-failure.ts';
import type { ClusterMember } from '../../src/etcd/members.ts';

/** How many learners etcd allows. */
const mostLearners = 1;

/** The members of a cluster as all of them have agreed. */
export class MemberList {
  #entries: readonly ClusterMember[] = [];

  get entries(): readonly ClusterMember[] {
    return this.#entries;
  }

  get voters(): readonly ClusterMember[] {
    return this.#entries.filter(({ isLearner }) => !isLearner);
  }

  /** The members that a cluster begins with. */
  begin(entries: readonly ClusterMember[]): void {
    this.#entries = entries;
  }

  of(id: bigint | undefined): ClusterMember | undefined {
    return this.#entries.find((entry) => entry.id === id);
  }

  /** One that was added and has not started. */
  awaitedAt(peerUrl: string): ClusterMember | undefined {
    return this.#entries.find(({ name, peerUrls }) => name === undefined && peerUrls.includes(peerUrl));
  }

  /** A member has started, and told its name and where it serves clients. */
  started(id: bigint, name: string, clientUrl: string): void {
    this.#change(id, { name, clientUrls: [clientUrl] });
  }

  addLearner(id: bigint, peerUrls: readonly string[]): ClusterMember {
    if (this.#entries.some((entry) => entry.peerUrls.some((url) => peerUrls.includes(url)))) {
      throw refusal('etcd_member_exists');
    }
    if (this.#entries.filter(({ isLearner }) => isLearner).length >= mostLearners) {
      throw refusal('etcd_too_many_learners');
    }
    const added = { id, name: undefined, peerUrls, clientUrls: [], isLearner: true };
    this.#entries = [...this.#entries, added];
    return added;
  }

  promote(id: bigint, hasCaughtUp: boolean): void {
    const entry = this.#require(id);
    if (!entry.isLearner) {
      throw refusal('etcd_not_a_learner');
    }
    if (!hasCaughtUp) {
      throw refusal('etcd_learner_not_ready');
    }
    this.#change(id, { isLearner: false });
  }

  remove(id: bigint): void {
    this.#require(id);
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
  }

  updatePeerUrls(id: bigint, peerUrls: readonly string[]): void {
    this.#require(id);
    if (this.#entries.some((entry) => entry.id !== id && entry.peerUrls.some((url) => peerUrls.includes(url)))) {
      throw refusal('etcd_member_exists');
    }
    this.#change(id, { peerUrls });
  }

  #require(id: bigint): ClusterMember {
    const entry = this.of(id);
    if (entry === undefined) {
      throw refusal('etcd_member_not_found');
    }
    return entry;
  }

  #change(id: bigint, change: Partial<ClusterMember>): void {
    this.#entries = this.#entries.map((entry) => (entry.id === id ? { ...entry, ...change } : entry));
  }
}

function refusal(
  code:
    | 'etcd_member_exists'
    | 'etcd_too_many_learners'
    | 'etcd_not_a_learner'
    | 'etcd_learner_not_ready'
    | 'etcd_member_not_found',
): EtcdFailure {
  return new EtcdFailure({ code, action: 'change', object: 'the members', found: code });
}
