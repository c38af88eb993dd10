import type { MemberStatus } from '../etcd/cluster.ts';
import type { ClusterMember, ClusterMembers } from '../etcd/members.ts';
import type { ValidationMode } from '../operations/initialize/data-dir-state.ts';
import { Failure } from '../runtime/failure.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { BackupStatusDocument } from './backup-status.ts';
import { chooseVerifier } from './choose-verifier.ts';
import { defragmentationTask } from './defragmentation.ts';
import { Initialization } from './initialization.ts';
import { type LeaderTask, runLeaderTasks } from './leader-tasks.ts';
import { leaderClientUrl } from './leader-url.ts';
import { LeaderWork } from './leader-work.ts';
import { Leadership, type Look } from './leadership.ts';
import { LeadershipTerms } from './leadership-terms.ts';
import { MembershipDuties } from './membership-duties.ts';
import { OpenOnDemand } from './open-on-demand.ts';
import type { OwnMember } from './own-member.ts';
import { leadLost } from './publish-permission.ts';
import { runInitialization } from './run-initialization.ts';
import type { ListedBackups, MemberFacts, Sidecar, SnapshotAccess } from './sidecar.ts';
import type { SidecarConnection } from './sidecar-connection.ts';
import type { SidecarParts } from './sidecar-parts.ts';
import { firstState, isHealthy, phaseOf, snapshotsAt } from './state.ts';
import { Supervisor } from './supervisor.ts';
import { verificationTask } from './verification-task.ts';

/**
 * The life of a sidecar: it waits for etcd, looks again and again whether our member leads, takes snapshots while it does, and
 * initializes the data directory on request at any time. One object is one life.
 */
export class SidecarLife implements Sidecar {
  readonly initialization: Initialization;
  readonly #parts: SidecarParts;
  readonly #context: RunContext;
  readonly #questions: OpenOnDemand<SidecarConnection>;
  readonly #leadership: Leadership;
  readonly #supervisor: Supervisor;
  readonly #work: LeaderWork;
  readonly #leads: LeadershipTerms;
  readonly #duties: MembershipDuties;
  readonly #list: ClusterMembers['list'] = async (call) => (await this.#questions.open()).members.list(call);
  #members = 1;
  /** What the newest look saw of our member; undefined while it is out of reach. */
  #own: MemberStatus | undefined;

  /** The context's signal ends the life. */
  constructor(parts: SidecarParts, context: RunContext) {
    this.#parts = parts;
    this.#context = context;
    const { signal, log } = context;
    const { snapshots, election, membership, metrics } = parts;
    this.#questions = new OpenOnDemand(() => parts.openConnection('questions'));
    const member: OwnMember = { ownStatus: async (call) => (await this.#questions.open()).members.ownStatus(call) };
    this.#leadership = new Leadership({ ...election, member, onLook: (look) => this.#looked(look) }, context);
    this.#duties = new MembershipDuties({ membership, metrics }, context);
    this.#work = new LeaderWork(
      {
        parts,
        member,
        leadership: this.#leadership,
        tasks: [...parts.leaderTasks, ...this.#defragmentation()],
        observe: (observation) => this.#supervisor.observe(observation),
      },
      context,
    );
    this.#leads = new LeadershipTerms((lead, lost) => this.#work.run(lead, lost), context);
    const location = snapshots?.location ?? 'no store';
    this.#supervisor = new Supervisor({
      first: firstState({ store: snapshots === undefined ? 'none' : 'configured' }),
      members: () => this.#members,
      log: log.child({ actor: 'leader-elector' }),
      actions: {
        startLeading: (lead) => this.#leads.begin(lead),
        stopLeading: (why) => this.#leads.end(leadLost(location, why)),
        promote: () => this.#duties.promote(),
        checkPeerUrls: () => this.#duties.checkPeerUrls(),
        renewMemberLease: () => parts.memberLease?.renew(),
        pauseMemberLease: () => parts.memberLease?.pause(),
      },
    });
    signal.addEventListener('abort', () => this.#supervisor.stop(), { once: true });
    this.initialization = new Initialization({
      run: (mode) => this.#initialize(mode),
      onChange: (is) => this.#supervisor.observe({ type: 'initialization', is }),
    });
  }

  get healthy(): boolean {
    return isHealthy(this.#supervisor.state);
  }

  get snapshots(): SnapshotAccess {
    const kind = snapshotsAt(this.#supervisor.state);
    const { taker } = this.#work;
    return kind === 'leads' && taker !== undefined ? { kind, taker } : { kind: kind === 'leads' ? 'no store' : kind };
  }

  /** Lives until the signal aborts. What goes on then is ended, and the buffered events are stored. */
  async run(): Promise<void> {
    const { signal } = this.#context;
    const verification = runLeaderTasks(this.#verification(), this.#context);
    try {
      // Not awaited: reading a file may hang, and who leads does not depend on it.
      void this.#learnMembers();
      await this.#leadership.untilAnswered(signal);
      this.#supervisor.observe({ type: 'etcd answered' });
      await this.#leadership.run(signal);
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    } finally {
      const lease = this.#parts.memberLease?.ended();
      await Promise.all([this.#leads.ended(), this.initialization.ended(), this.#duties.ended(), lease, verification]);
      await Promise.all([this.#work[Symbol.asyncDispose](), this.#questions[Symbol.asyncDispose]()]);
    }
  }

  etcdConfig(options: { readonly signal: AbortSignal }): Promise<string> {
    return this.#parts.etcdConfig(options);
  }

  async leaderClientUrl({ signal }: { readonly signal: AbortSignal }): Promise<string | undefined> {
    try {
      const { members } = await this.#questions.open();
      return await leaderClientUrl(members, { signal, clock: this.#context.clock });
    } catch (error) {
      if (error instanceof Failure) {
        return undefined;
      }
      throw error;
    }
  }

  backupStatus(): BackupStatusDocument {
    return this.#parts.status.document();
  }

  memberFacts(): MemberFacts {
    const { state } = this.#supervisor;
    const own = this.#own;
    return {
      id: own?.memberId.toString(16) ?? null,
      leaderId: own?.leaderId?.toString(16) ?? null,
      role: state.isLearner ? 'learner' : state.role,
      phase: phaseOf(state),
      etcdVersion: own?.version ?? null,
      databaseBytes: own?.dbSize ?? null,
      revision: own?.revision ?? null,
    };
  }

  members({ signal }: { readonly signal: AbortSignal }): Promise<readonly ClusterMember[]> {
    return this.#list({ signal });
  }

  async backups({ signal }: { readonly signal: AbortSignal }): Promise<ListedBackups | undefined> {
    const { taker } = this.#work;
    const rules = this.#parts.snapshots?.request.garbageCollection?.rules;
    return taker && { ...(await taker.listed({ signal })), rules };
  }

  get metricChanges(): number {
    return this.#parts.metrics.changes;
  }

  async metrics(): Promise<{ readonly contentType: string; readonly text: string }> {
    const { metrics } = this.#parts;
    return { contentType: metrics.contentType, text: await metrics.text() };
  }

  #defragmentation(): readonly LeaderTask[] {
    const { defragmentation: schedule, openConnectionTo: connect, metrics } = this.#parts;
    const list = this.#list;
    return schedule === undefined
      ? []
      : [defragmentationTask({ schedule, connect, list, listener: metrics.listener }, this.#context)];
  }

  #verification(): readonly LeaderTask[] {
    const { verification } = this.#parts;
    if (verification === undefined) {
      return [];
    }
    const { sharedStore, askProof, ...parts } = verification;
    const place = { own: () => this.#own, list: this.#list, sharedStore, askProof };
    return [verificationTask({ ...parts, turn: (due) => chooseVerifier(place, due, this.#context) }, this.#context)];
  }

  #looked(look: Look): void {
    this.#own = look.seen === 'nothing' ? undefined : look.status;
    this.#supervisor.looked(look);
    if (look.seen !== 'nothing') {
      const { memberId, clusterId } = look.status;
      this.#parts.memberLease?.looked({ memberId, clusterId, role: look.seen === 'leader' ? 'Leader' : 'Member' });
      this.#reportCluster();
    }
  }

  #reportCluster(): void {
    const { isLearner } = this.#supervisor.state;
    this.#parts.metrics.cluster({ size: this.#members, role: isLearner ? 'learner' : 'voter' });
  }

  async #learnMembers(): Promise<void> {
    try {
      this.#members = await this.#parts.initialization.configuredMembers();
    } catch (error) {
      this.#context.log.warn(
        { error },
        `How many members there are is not known: ${error instanceof Error ? error.message : error}`,
      );
    }
    this.#reportCluster();
  }

  async #initialize(mode: ValidationMode): Promise<void> {
    const { initialization, snapshots, metrics: listener } = this.#parts;
    const store = snapshots && { location: snapshots.location, open: () => snapshots.openStore() };
    void this.#learnMembers();
    await runInitialization({ ...initialization, store, listener }, mode, this.#context);
  }
}
