import type { EtcdCluster, MemberStatus, WatchBatch, WatchOptions } from '../../src/etcd/cluster.ts';
import { ClusterHistory, type ClusterPosition } from '../../src/etcd/cluster-history.ts';
import { CompactedFailure, EtcdFailure, HistoryChangedFailure } from '../../src/etcd/etcd-failure.ts';
import type { ClusterMembers } from '../../src/etcd/members.ts';
import { nextRevision, type Revision, revision } from '../../src/revision.ts';
import type { SidecarConnection } from '../../src/server/sidecar-connection.ts';
import { compareProofs, proofOf } from '../../src/snapshot/history/revision-proof.ts';
import { goldenRevision } from '../support/etcd/scripted-cluster.ts';
import { changeMembers } from './change-members.ts';
import { type EtcdCallParts, EtcdCalls } from './etcd-calls.ts';
import { eventsOf, type Line } from './lines.ts';
import type { ModelDatabases } from './model-databases.ts';

/** What a connection of a sidecar to its member needs. */
export interface ModelConnectionParts extends EtcdCallParts {
  readonly databases: ModelDatabases;
  /** Hears of each database that is sent, with its hash. */
  onDatabase(database: Buffer, state: { readonly line: Line; readonly revision: number }): void;
}

type Options = { readonly signal: AbortSignal };

/** Pause before a watch that broke off is begun again, ms, and how long a member may lag meanwhile. */
const watchPauseMs = 1_000;
const mayLagMs = 30_000;

/** The connection of a sidecar to the member beside it, over a model of the cluster. */
export class ModelConnection implements SidecarConnection {
  readonly members: ClusterMembers;
  readonly cluster: EtcdCluster;
  readonly #parts: ModelConnectionParts;
  readonly #calls: EtcdCalls;

  constructor(parts: ModelConnectionParts) {
    this.#parts = parts;
    const calls = new EtcdCalls(parts);
    this.#calls = calls;
    const { cluster } = parts;
    this.members = {
      ownStatus: (call) => calls.own('status of own member', () => this.#ownStatus(), call),
      ...changeMembers(calls, parts),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const status = ({ signal }: Options): Promise<MemberStatus> =>
      calls.own('status', () => this.#status(), { signal });
    this.cluster = {
      location: `http://${parts.member.name}:2379`,
      status,
      position: (options) => calls.any('position', () => this.#position(), options),
      members: async (options) => [await status(options)],
      alarms: (options) =>
        calls.own(
          'alarms',
          ({ disk }) => (cluster.alarm === undefined ? [] : [{ memberId: disk?.id ?? 0n, alarm: cluster.alarm }]),
          options,
        ),
      usersState: (options) =>
        calls.any(
          'usersState',
          () => {
            cluster.otherEntry();
            return 'no users';
          },
          options,
        ),
      defragment: (_endpoint, options) => calls.own('defragment', () => undefined, options),
      leaseTtl: (_lease, options) => calls.own('leaseTtl', () => undefined, options),
      snapshot: (options) => this.#snapshot(options),
      watch: (options) => this.#watch(options),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  checkEndpoints({ signal }: Options): Promise<void> {
    return this.#calls.own('endpoints', () => undefined, { signal });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #ownStatus(): MemberStatus {
    const { member, process, cluster } = this.#parts;
    if (member.leader !== undefined && member.leader === member.disk?.id) {
      process.ledAt = cluster.now;
    }
    process.memberAnswered();
    return this.#status();
  }

  #status(): MemberStatus {
    const { cluster, member } = this.#parts;
    const id = member.disk?.id ?? 0n;
    const behind = cluster.revision - member.applied;
    return {
      endpoint: `http://${member.name}:2379`,
      version: '3.5.0',
      clusterId: cluster.clusterId,
      memberId: id,
      leaderId: member.leader,
      isLearner: cluster.list.of(id)?.isLearner ?? false,
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

  async *#snapshot({ signal, onSize }: Parameters<EtcdCluster['snapshot']>[0]): AsyncGenerator<Uint8Array> {
    const { member, process, streams, databases, onDatabase } = this.#parts;
    const random = streams.of(`${process.name} stream`);
    // Where a stream is opened slowly, changes come between the decision to take a full and what it holds.
    await process.clock.sleep(random.integer(random.oneIn(4) ? 8_000 : 50), signal);
    const begun = await this.#calls.own('snapshot', ({ line, applied, starts }) => ({ line, at: applied, starts }), {
      signal,
    });
    const { line, at, starts } = begun;
    const database = await databases.stream(line, at);
    onDatabase(database, { line, revision: at });
    onSize?.(database.length, `http://${member.name}:2379`);
    yield database.subarray(0, 8_192);
    await process.clock.sleep(random.integer(random.oneIn(4) ? 10_000 : 200), signal);
    if (!member.isUp || member.starts !== starts) {
      throw this.#calls.failure('etcd_unreachable', 'the stream broke off');
    }
    yield database.subarray(8_192);
  }

  async *#watch({ from, history = new ClusterHistory(), signal }: WatchOptions): AsyncGenerator<WatchBatch> {
    const { member, process } = this.#parts;
    let next = from;
    let starts: number | undefined;
    let behindSince: number | undefined;
    while (!signal.aborted) {
      try {
        if (starts !== member.starts) {
          // The stream is of the etcd that has accepted it: another one may run when the answer arrives.
          starts = await this.#calls.own('accept', () => this.#accept(next, history), { signal });
          behindSince = undefined;
        }
        const events = await this.#calls.own(
          'events',
          () => {
            if (starts !== member.starts) {
              throw this.#calls.failure('etcd_unreachable', 'the stream broke off');
            }
            return eventsOf(member.line, next, member.applied);
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

  /** Whether the member continues what was seen, as the real watch finds it out; returns which start of etcd it was. */
  #accept(next: Revision, history: ClusterHistory): number {
    const { cluster, member } = this.#parts;
    const endpoint = `http://${member.name}:2379`;
    const status = this.#status();
    const contradiction = history.expectation(next - 1)(status);
    if (contradiction !== undefined) {
      const hasQuorum = cluster.hasQuorum(member) && member.leader !== undefined;
      const proved = hasQuorum ? history.expectation(next - 1)(this.#position()) : undefined;
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
      compareProofs(proof, proofOf(proof.revision, eventsOf(member.line, next - 1, next - 1))) !== 'same'
    ) {
      const found = `its events at revision ${next - 1} are not those that were seen before`;
      throw new HistoryChangedFailure({ endpoint, change: 'different_events', found, mayLag: false });
    }
    history.at(status);
    return member.starts;
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
