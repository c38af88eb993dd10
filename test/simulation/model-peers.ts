import type { PeerAnswer } from '../../src/etcd/peer-members.ts';
import type { ModelCluster } from './model-cluster.ts';
import type { ModelMember } from './model-member.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** The members of a model cluster at their peer URLs, where they answer without a quorum and without a login. */
export class ModelPeers {
  readonly #cluster: ModelCluster;
  readonly #own: ModelMember;

  /** As the member `own` reaches them. */
  constructor(cluster: ModelCluster, own: ModelMember) {
    this.#cluster = cluster;
    this.#own = own;
  }

  async ask(
    url: string,
    process: SimulatedProcess,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<PeerAnswer> {
    const answer = await process.call(() => this.#answer(url), { thereMs: 5, backMs: 5 }, signal);
    if (answer.kind === 'silent') {
      await process.clock.sleep(timeoutMs, signal);
    }
    return answer;
  }

  #answer(url: string): PeerAnswer {
    const asked = this.#cluster.members.find(({ peerUrl, isUp }) => isUp && peerUrl === url);
    if (asked === undefined || asked.isHanging || asked.isCutOff || this.#own.isCutOff) {
      return { kind: 'silent' };
    }
    const { list } = this.#cluster;
    return { kind: 'members', members: list.entries.map((entry) => ({ ...entry, name: entry.name ?? '' })) };
  }
}
