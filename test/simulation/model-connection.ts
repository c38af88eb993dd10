import type { EtcdCluster, MemberStatus, WatchBatch, WatchOptions } from '../../src/etcd/cluster.ts';
import { ClusterHistory, type ClusterPosition } from '../../src/etcd/cluster-history.ts';
import { CompactedFailure, EtcdFailure, HistoryChangedFailure } from '../../src/etcd/etcd-failure.ts';
import type { ClusterMember, MembershipCall } from '../../src/etcd/members.ts';
import { nextRevision, type Revision, revision } from '../../src/revision.ts';
import type { SidecarConnection } from '../../src/server/sidecar-connection.ts';
import { compareProofs, proofOf } from '../../src/snapshot/history/revision-proof.ts';
import { databaseWith } from '../support/datadir/database-with.ts';
import { goldenRevision } from '../support/etcd/scripted-cluster.ts';
import { eventsOf, type Line, type ModelCluster, type ModelMember } from './model-cluster.ts';
import type { RandomStreams } from './random-streams.ts';
import type { SimulatedProcess, Travel } from './simulated-process.ts';

/** What a connection of a sidecar to its member needs. */
export interface ModelConnectionParts {
  readonly cluster: ModelCluster;
  readonly member: ModelMember;
  readonly process: SimulatedProcess;
  readonly streams: RandomStreams;
  /** Hears of each database that is sent. */
  onDatabase(database: Buffer, state: { readonly line: Line; readonly revision: number }): void;
}

type Options = { readonly signal: AbortSignal };

/** Deadline of a call without its own, ms. */
const usualTimeoutMs = 5_000;
/** Pause before a watch that broke off is begun again, ms, and how long a member may lag meanwhile. */
const watchPauseMs = 1_000;
const mayLagMs = 30_000;

/** The connection of a sidecar to the member beside it, over a {@link ModelCluster}. */
export class ModelConnection implements SidecarConnection {
  readonly members: SidecarConnection['members'];
  readonly cluster: EtcdCluster;
  readonly #parts: ModelConnectionParts;

  constructor(parts: ModelConnectionParts) {
    this.#parts = parts;
    const location = `http://${parts.member.name}:2379`;
    this.members = {
      ownStatus: (call) => this.#ask('status of own member', () => this.#ownStatus(), call),
      list: (call) => this.#ask('list', () => this.#withQuorum(() => this.#list()), call),
    };
    const status = ({ signal }: Options): Promise<MemberStatus> =>
      this.#ask('status', () => this.#status(), { signal });
    this.cluster = {
      location,
      status,
      position: ({ signal }) => this.#ask('position', () => this.#withQuorum(() => this.#position()), { signal }),
      members: async (options) => [await status(options)],
      alarms: ({ signal }) => this.#ask('alarms', () => [], { signal }),
      usersState: ({ signal }) =>
        this.#ask(
          'usersState',
          () =>
            this.#withQuorum(() => {
              parts.cluster.otherEntry();
              return 'no users';
            }),
          { signal },
        ),
      defragment: (_endpoint, { signal }) => this.#ask('defragment', () => undefined, { signal }),
      leaseTtl: (_lease, { signal }) => this.#ask('leaseTtl', () => undefined, { signal }),
      snapshot: (options) => this.#snapshot(options),
      watch: (options) => this.#watch(options),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  checkEndpoints({ signal }: Options): Promise<void> {
    return this.#ask('endpoints', () => undefined, { signal });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #travel(question: string): Travel {
    const { streams, process } = this.#parts;
    const random = streams.of(`${process.name} ${question}`);
    return { thereMs: random.integer(20), backMs: random.integer(20) };
  }

  /** One call with its deadline. A member that is down refuses; one that cannot answer lets the deadline pass. */
  #ask<T>(
    question: string,
    effect: () => T | 'no answer',
    { signal, timeoutMs = usualTimeoutMs }: MembershipCall,
  ): Promise<T> {
    const { process, member } = this.#parts;
    let late = false;
    const once = (): T => {
      this.#requireUp();
      const result = member.isHanging ? 'no answer' : effect();
      if (result === 'no answer') {
        late = true;
        throw this.#failure('etcd_timeout', `no answer within ${timeoutMs / 1_000} s`);
      }
      return result as T;
    };
    return process.call(once, this.#travel(question), signal).catch(async (error) => {
      if (late) {
        await process.clock.sleep(timeoutMs, signal);
      }
      throw error;
    });
  }

  #requireUp(): void {
    if (!this.#parts.member.isUp) {
      throw this.#failure('etcd_unreachable', 'the connection is refused');
    }
  }

  #failure(code: 'etcd_unreachable' | 'etcd_timeout' | 'etcd_snapshot_incomplete', found: string): EtcdFailure {
    return new EtcdFailure({ code, action: 'ask', object: `http://${this.#parts.member.name}:2379`, found });
  }

  #withQuorum<T>(answer: () => T): T | 'no answer' {
    const { cluster, member } = this.#parts;
    return cluster.hasQuorum(member) && member.leader !== undefined ? answer() : 'no answer';
  }

  #ownStatus(): MemberStatus {
    const { member, process, cluster } = this.#parts;
    if (member.leader === member.id) {
      process.ledAt = cluster.now;
    }
    return this.#status();
  }

  #status(): MemberStatus {
    const { cluster, member } = this.#parts;
    const behind = cluster.revision - member.applied;
    return {
      endpoint: `http://${member.name}:2379`,
      version: '3.5.0',
      clusterId: cluster.clusterId,
      memberId: member.id,
      leaderId: member.leader,
      isLearner: false,
      revision: revision(member.applied),
      dbSize: 0,
      raftTerm: member.term,
      raftIndex: cluster.raftIndex - BigInt(behind),
    };
  }

  #position(): ClusterPosition {
    const { cluster, member } = this.#parts;
    const { clusterId, raftIndex } = cluster;
    return { clusterId, raftTerm: member.term, raftIndex, revision: revision(cluster.revision) };
  }

  #list(): readonly ClusterMember[] {
    return this.#parts.cluster.members.map(({ id, name }) => ({
      id,
      name,
      peerUrls: [`http://${name}:2380`],
      clientUrls: [`http://${name}:2379`],
      isLearner: false,
    }));
  }

  async *#snapshot({ signal, onSize }: Parameters<EtcdCluster['snapshot']>[0]): AsyncGenerator<Uint8Array> {
    const { cluster, member, process, streams, onDatabase } = this.#parts;
    const random = streams.of(`${process.name} stream`);
    const { line, at, starts } = await this.#ask(
      'snapshot',
      () => ({ line: cluster.line, at: member.applied, starts: member.starts }),
      { signal },
    );
    const database = await databaseWith(eventsOf(line, 0, at));
    onDatabase(database, { line, revision: at });
    onSize?.(database.length, `http://${member.name}:2379`);
    yield database.subarray(0, 8_192);
    await process.clock.sleep(random.integer(random.oneIn(4) ? 10_000 : 200), signal);
    if (!member.isUp || member.starts !== starts) {
      throw this.#failure('etcd_unreachable', 'the stream broke off');
    }
    yield database.subarray(8_192);
  }

  async *#watch({ from, history = new ClusterHistory(), signal }: WatchOptions): AsyncGenerator<WatchBatch> {
    const { cluster, member, process } = this.#parts;
    let next = from;
    let starts: number | undefined;
    let behindSince: number | undefined;
    while (!signal.aborted) {
      try {
        if (starts !== member.starts) {
          await this.#ask('accept', () => this.#accept(next, history), { signal });
          ({ starts } = member);
          behindSince = undefined;
        }
        const events = await this.#ask(
          'events',
          () => {
            if (starts !== member.starts) {
              throw this.#failure('etcd_unreachable', 'the stream broke off');
            }
            return eventsOf(cluster.line, next, member.applied);
          },
          { signal },
        );
        const last = events.at(-1)?.modRevision;
        if (last === undefined) {
          // What came while the answer was on its way counts, too.
          if (member.applied < next && starts === member.starts) {
            await this.#changed(signal);
          }
          continue;
        }
        next = nextRevision(last);
        history.received(events);
        yield { revision: last, events };
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        const lags = error instanceof HistoryChangedFailure && error.mayLag;
        behindSince = lags ? (behindSince ?? process.clock.monotonic()) : behindSince;
        const isOver = lags && process.clock.monotonic() - (behindSince ?? 0) >= mayLagMs;
        if (isOver || !(lags || (error instanceof EtcdFailure && error.isTransient))) {
          throw error;
        }
        starts = undefined;
        await process.clock.sleep(watchPauseMs, signal).catch(() => undefined);
      }
    }
  }

  /** Whether the member continues what was seen; as the real watch finds it out. */
  #accept(next: Revision, history: ClusterHistory): void {
    const { cluster, member } = this.#parts;
    const endpoint = `http://${member.name}:2379`;
    const status = this.#status();
    const contradiction = history.contradiction(status, next - 1);
    if (contradiction !== undefined) {
      const quorum = this.#withQuorum(() => this.#position());
      const proved = quorum === 'no answer' ? undefined : history.contradiction(quorum, next - 1);
      throw new HistoryChangedFailure({ endpoint, ...contradiction, mayLag: proved === undefined });
    }
    const { proof } = history;
    const isKnown =
      proof !== undefined && proof.count > 0 && proof.revision === next - 1 && proof.revision > goldenRevision;
    if (cluster.compacted > next) {
      throw new CompactedFailure({ endpoint, from: next, compactRevision: revision(cluster.compacted) });
    }
    if (isKnown && cluster.compacted > next - 1) {
      const found = 'compacted away';
      throw new HistoryChangedFailure({ endpoint, change: 'unproven', found, mayLag: false });
    }
    if (
      isKnown &&
      compareProofs(proof, proofOf(proof.revision, eventsOf(cluster.line, next - 1, next - 1))) !== 'same'
    ) {
      const found = `its events at revision ${next - 1} are not those that were seen before`;
      throw new HistoryChangedFailure({ endpoint, change: 'different_events', found, mayLag: false });
    }
    history.at(status);
  }

  /** Resolves at the next change of the cluster, when the process notices it. */
  async #changed(signal: AbortSignal): Promise<void> {
    const { cluster, process } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<void>();
    const forget = cluster.onceChanged(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    forget();
    await process.call(() => undefined, { thereMs: 0, backMs: 5 }, signal).catch(() => undefined);
  }
}
