import { buildInfo } from '../../build-info.ts';
import type { ClusterMember } from '../../etcd/members.ts';
import { deadlineIn } from '../../runtime/async/deadline.ts';
import type { Clock } from '../../runtime/clock.ts';
import { failureCodes } from '../../runtime/failure-code.ts';
import type { PeerSidecars } from '../peer-proof.ts';
import type { Sidecar } from '../sidecar.ts';
import type { DashboardPeer, DashboardState, DashboardStore } from './dashboard-document.ts';
import { sidecarHealth } from './peer-overview.ts';
import { storeOverview } from './store-overview.ts';

/** How old a listing may be, ms; that of peers. The store asks money for each. */
const listingMs = 60_000;
const peersMs = 10_000;
/** How long a listing and the list of members may take, ms. */
const boundMs = 30_000;
/** So many proofs are remembered. */
const mostProofs = 100;

const nothing: DashboardStore = {
  location: null,
  listedAt: null,
  problem: null,
  totals: { fulls: 0, deltas: 0, fullBytes: 0, deltaBytes: 0, hidden: 0 },
  recovery: { reach: null, endsAt: 0, seconds: 0, ages: [] },
  rivals: { deltas: 0, newest: null },
  forks: 0,
  snapshots: [],
  gaps: [],
  retention: null,
};

/** What the dashboard shows. It looks only when it is asked, so that it costs nothing otherwise. */
export class Dashboard {
  readonly #sidecar: Sidecar;
  readonly #peers: PeerSidecars;
  readonly #clock: Clock;
  readonly #proofs: DashboardState['proofs'][number][] = [];
  #list: readonly DashboardPeer[] = [];
  #peerProblem: string | null = null;
  #peersAt = Number.NEGATIVE_INFINITY;
  #store: DashboardStore = nothing;
  #storeAt = Number.NEGATIVE_INFINITY;
  #chain = '';

  constructor(parts: { readonly sidecar: Sidecar; readonly peers: PeerSidecars; readonly clock: Clock }) {
    this.#sidecar = parts.sidecar;
    this.#peers = parts.peers;
    this.#clock = parts.clock;
  }

  /** The state now, as far as it was looked at. */
  get state(): DashboardState {
    const {
      store: _store,
      chain: _chain,
      recoveryPointAgeSeconds: _age,
      lastErrors,
      ...backup
    } = this.#sidecar.backupStatus();
    this.#remember(backup.proof);
    return {
      version: buildInfo.version,
      member: { ...this.#sidecar.memberFacts(), isHealthy: this.#sidecar.healthy },
      peers: { list: this.#list, problem: this.#peerProblem },
      backup,
      errors: lastErrors.map(({ at, code }) => ({ at, code, ...textsOf(code) })),
      proofs: this.#proofs,
    };
  }

  /** What was seen of the store. */
  get store(): DashboardStore {
    return this.#store;
  }

  /** Looks at what may have changed: the peers every ten seconds, the store every minute and when the chain has grown. Never rejects. */
  async look(signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic();
    const chain = JSON.stringify(this.#sidecar.backupStatus().chain);
    const looks: Promise<void>[] = [];
    if (now - this.#peersAt >= peersMs) {
      this.#peersAt = now;
      looks.push(this.#lookAtPeers(signal));
    }
    if (now - this.#storeAt >= listingMs || chain !== this.#chain) {
      this.#storeAt = now;
      this.#chain = chain;
      looks.push(this.#lookAtStore(signal));
    }
    await Promise.all(looks);
  }

  async #lookAtPeers(signal: AbortSignal): Promise<void> {
    try {
      const members = await this.#bounded(signal, (bound) => this.#sidecar.members({ signal: bound }));
      const { id: ownId, leaderId } = this.#sidecar.memberFacts();
      this.#list = await Promise.all(members.map((member) => this.#peer(member, { ownId, leaderId, signal })));
      this.#peerProblem = null;
    } catch (error) {
      this.#peerProblem = textOf(error);
    }
  }

  async #peer(
    member: ClusterMember,
    { ownId, leaderId, signal }: { ownId: string | null; leaderId: string | null; signal: AbortSignal },
  ): Promise<DashboardPeer> {
    const id = member.id.toString(16);
    const isOwn = id === ownId;
    const own = this.#sidecar.healthy ? 'healthy' : 'answers';
    return {
      id,
      name: member.name ?? null,
      isOwn,
      isLeader: id === leaderId,
      isLearner: member.isLearner,
      sidecar: isOwn ? own : await sidecarHealth(member, this.#peers, { signal, clock: this.#clock }),
    };
  }

  async #lookAtStore(signal: AbortSignal): Promise<void> {
    const location = this.#sidecar.backupStatus().store;
    try {
      const facts = await this.#bounded(signal, (bound) => this.#sidecar.backups({ signal: bound }));
      const now = this.#clock.now();
      const listedAt = new Date(now).toISOString();
      this.#store =
        facts === undefined
          ? { ...nothing, location }
          : { location, listedAt, problem: null, ...storeOverview({ ...facts, now }) };
    } catch (error) {
      this.#store = { ...this.#store, location, problem: textOf(error) };
    }
  }

  async #bounded<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    using deadline = deadlineIn(boundMs, { signal, clock: this.#clock });
    return await deadline.bound(work(deadline.signal));
  }

  #remember(proof: DashboardState['backup']['proof']): void {
    if (proof !== null && this.#proofs.at(-1)?.at !== proof.at) {
      this.#proofs.push({ at: proof.at, outcome: proof.outcome, revision: proof.provableRevision });
      this.#proofs.splice(0, this.#proofs.length - mostProofs);
    }
  }
}

function textsOf(code: string): { readonly meaning: string; readonly remedy: string } {
  const known: Readonly<Record<string, { readonly meaning: string; readonly remedy: string }>> = failureCodes;
  const { meaning, remedy } = known[code] ?? { meaning: 'a fault in the program', remedy: 'see the log' };
  return { meaning, remedy };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
