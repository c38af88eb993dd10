import { createHash } from 'node:crypto';
import { eventually } from '../../../scripts/lab/eventually.ts';
import type { ClusterAlarm, EtcdCluster, MemberStatus, WatchBatch, WatchOptions } from '../../../src/etcd/cluster.ts';
import { ClusterHistory, type ClusterPosition } from '../../../src/etcd/cluster-history.ts';
import { CompactedFailure, EtcdFailure, HistoryChangedFailure } from '../../../src/etcd/etcd-failure.ts';
import { nextRevision, type Revision, revision } from '../../../src/revision.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
import { compareProofs, proofOf } from '../../../src/snapshot/history/revision-proof.ts';
import { databaseWith } from '../datadir/database-with.ts';
import { goldenDatabase } from '../datadir/golden.ts';

/** Last revision of the golden database, the lowest a scripted cluster can have. */
export const goldenRevision = 58;

/** A database with `last` as its last revision, and its SHA-256: the golden one with its newest change moved. */
export function databaseEndingAt(last: number): Buffer {
  const database = Buffer.from(goldenDatabase('etcd-3.5/gzip'));
  const from = Buffer.concat([mainRevision(goldenRevision), Buffer.from('_')]);
  const to = Buffer.concat([mainRevision(last), Buffer.from('_')]);
  for (let at = database.indexOf(from); at >= 0; at = database.indexOf(from, at + to.length)) {
    to.copy(database, at);
  }
  return Buffer.concat([database, createHash('sha256').update(database).digest()]);
}

function mainRevision(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** A cluster whose life a test scripts. Its history is a list of events that a watch sends in batches as they were added. */
export class ScriptedCluster implements EtcdCluster {
  readonly location = 'http://scripted:2379';
  clusterId = 7n;
  raftTerm = 2n;
  /** Whether no quorum answers. */
  hasNoQuorum = false;
  /** Where each watch began. */
  readonly watchedFrom: number[] = [];
  /** Alarms that are raised. */
  raised: readonly ClusterAlarm[] = [];
  /** Whether its member has no vote yet. */
  isLearner = false;
  /** Endpoints that were defragmented. */
  readonly defragmented: string[] = [];
  /** TTLs by lease; other leases do not exist. */
  readonly leaseTtls = new Map<bigint, () => Promise<number>>();
  /** Leases whose TTL was requested. */
  readonly leasesAsked: bigint[] = [];
  /** The revision that its status shows, where that is not the newest: a member that is catching up. */
  lagsAt: Revision | undefined;
  /** Revision of users and roles; a failure when etcd does not tell it. */
  users: number | EtcdFailure = 1;
  /** How often it was asked for. */
  usersAsked = 0;
  /** How many snapshot streams, from now on, break off in their middle. */
  breakOffs = 0;
  /** Snapshots that were asked for. */
  snapshots = 0;
  #batches: (readonly DeltaEvent[])[] = [];
  #revision = revision(goldenRevision);
  #compacted = 0;
  #breaks = 0;
  /** How often the watch was broken off by {@link rollBack}. */
  #lives = 0;
  #watchFailure: Error | undefined;
  #passingFailure: { left: number; readonly failure: Error } | undefined;
  #raftIndex = 100n;
  #changed = Promise.withResolvers<void>();
  #snapshotGate: PromiseWithResolvers<void> | undefined;
  /** What a snapshot stream sends instead of a sound database. */
  #stream: Buffer | undefined;

  /** Commits whole transactions, which go to watchers as one batch. */
  commit(...events: readonly DeltaEvent[]): void {
    this.#batches.push(events);
    this.#revision = events.at(-1)?.modRevision ?? this.#revision;
    this.#raftIndex += BigInt(events.length);
    this.#stir();
  }

  /** Puts the cluster back to the state at `to`, at least that of the golden database, and breaks the watch off. */
  rollBack(to: number): void {
    this.#batches = this.#batches
      .map((batch) => batch.filter(({ modRevision }) => modRevision <= to))
      .filter((batch) => batch.length > 0);
    this.#revision = revision(to);
    this.#lives += 1;
    this.#stir();
  }

  /** Forgets the history below `to` and breaks the watch off. */
  compactAndBreak(to: number): void {
    this.#compacted = to;
    this.#breaks += 1;
    this.#stir();
  }

  /** Watches fail from now on. */
  breakWatch(failure: Error): void {
    this.#watchFailure = failure;
    this.#stir();
  }

  /** The watch that runs fails; the next one works. */
  breakWatchOnce(failure: Error): void {
    this.breakWatches(1, failure);
  }

  /** So many watches fail from now on. */
  breakWatches(count: number, failure: Error = new Error('the watch broke')): void {
    this.#passingFailure = { left: count, failure };
    this.#stir();
  }

  /** Changes users or roles. */
  changeUsers(): void {
    this.users = typeof this.users === 'number' ? this.users + 1 : this.users;
    this.#raftIndex += 1n;
  }

  /** Changes something that is no key: a user, a lease, a member. */
  changeOther(): void {
    this.#raftIndex += 1n;
  }

  /** Snapshot streams stop in their middle from now on, after the state they show is fixed, until {@link goOn}. */
  holdSnapshots(): void {
    this.#snapshotGate ??= Promise.withResolvers();
  }

  goOn(): void {
    this.#snapshotGate?.resolve();
    this.#snapshotGate = undefined;
  }

  /** Snapshot streams send these bytes from now on. */
  sendInstead(stream: Buffer | undefined): void {
    this.#stream = stream;
  }

  /** Resolves when a watch that began at `from` has been sent everything. */
  async watchingFrom(from: number): Promise<void> {
    await eventually(() => (this.watchedFrom.includes(from) ? true : undefined), {
      intervalMs: 1,
      describe: () => `no watch began at ${from}; watches: ${this.watchedFrom.join(', ')}`,
    });
  }

  status(): Promise<MemberStatus> {
    return Promise.resolve({
      endpoint: this.location,
      version: '3.5.0',
      clusterId: this.clusterId,
      memberId: 1n,
      leaderId: 1n,
      isLearner: this.isLearner,
      revision: this.lagsAt ?? this.#revision,
      dbSize: 0,
      raftTerm: this.raftTerm,
      raftIndex: this.#raftIndex,
    });
  }

  position(): Promise<ClusterPosition> {
    if (this.hasNoQuorum) {
      const found = 'no answer in time';
      return Promise.reject(
        new EtcdFailure({ code: 'etcd_timeout', action: 'ask the revision of', object: this.location, found }),
      );
    }
    return Promise.resolve(this.#position);
  }

  async members(): Promise<readonly MemberStatus[]> {
    return [await this.status()];
  }

  alarms(): Promise<readonly ClusterAlarm[]> {
    return Promise.resolve(this.raised);
  }

  usersState(): Promise<string> {
    this.usersAsked += 1;
    this.#raftIndex += 1n;
    return this.users instanceof EtcdFailure ? Promise.reject(this.users) : Promise.resolve(String(this.users));
  }

  defragment(endpoint: string): Promise<void> {
    this.defragmented.push(endpoint);
    return Promise.resolve();
  }

  async leaseTtl(lease: bigint): Promise<number | undefined> {
    this.leasesAsked.push(lease);
    return await this.leaseTtls.get(lease)?.();
  }

  async *snapshot({ signal, onSize }: Parameters<EtcdCluster['snapshot']>[0]): AsyncGenerator<Uint8Array> {
    this.snapshots += 1;
    const gate = this.#snapshotGate;
    const stream = this.#stream ?? (await databaseWith(this.#batches.flat()));
    onSize?.(stream.length, this.location);
    yield stream.subarray(0, 4096);
    if (this.breakOffs > 0) {
      this.breakOffs -= 1;
      const found = 'the stream broke off after 4096 bytes';
      throw new EtcdFailure({ code: 'etcd_unreachable', action: 'read the snapshot of', object: this.location, found });
    }
    if (gate !== undefined) {
      await Promise.race([gate.promise, aborted(signal)]);
    }
    yield stream.subarray(4096);
  }

  async *watch({ from, history = new ClusterHistory(), signal }: WatchOptions): AsyncGenerator<WatchBatch> {
    this.watchedFrom.push(from);
    const breaks = this.#breaks;
    let lives = -1;
    let next = from;
    for (let index = 0; !signal.aborted; ) {
      if (this.#watchFailure !== undefined) {
        throw this.#watchFailure;
      }
      const passing = this.#passingFailure;
      if (passing !== undefined && passing.left > 0) {
        passing.left -= 1;
        throw passing.failure;
      }
      if (next < this.#compacted && this.#breaks > breaks) {
        throw new CompactedFailure({
          endpoint: this.location,
          from: next,
          compactRevision: revision(this.#compacted),
        });
      }
      if (lives !== this.#lives) {
        lives = this.#lives;
        index = 0;
        this.#requireContinuation(next, history);
      }
      const batch = this.#batches[index];
      if (batch === undefined) {
        const changed = this.#changed.promise;
        await Promise.race([changed, aborted(signal).catch(() => {})]);
        continue;
      }
      index += 1;
      const events = batch.filter(({ modRevision }) => modRevision >= next);
      const last = events.at(-1)?.modRevision;
      if (last !== undefined) {
        next = nextRevision(last);
        history.received(events);
        yield { revision: last, events };
      }
    }
  }

  get #position(): ClusterPosition {
    const { clusterId, raftTerm } = this;
    return { clusterId, raftTerm, raftIndex: this.#raftIndex, revision: this.#revision };
  }

  #requireContinuation(next: Revision, history: ClusterHistory): void {
    const { proof } = history;
    const contradiction = history.expectation(next - 1)(this.#position);
    if (contradiction !== undefined) {
      throw new HistoryChangedFailure({ endpoint: this.location, ...contradiction });
    }
    const events = this.#batches.flat().filter(({ modRevision }) => modRevision === next - 1);
    if (proof !== undefined && proof.revision === next - 1 && events.length > 0) {
      const verdict = compareProofs(proof, proofOf(proof.revision, events));
      if (verdict !== 'same') {
        const found = `its events at revision ${next - 1} are not those that were seen before`;
        throw new HistoryChangedFailure({
          endpoint: this.location,
          change: verdict === 'different' ? 'different_events' : 'unproven',
          found,
          mayLag: false,
        });
      }
    }
    history.at(this.#position);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #stir(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) {
    reject(signal.reason);
  } else {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  }
  promise.catch(() => {});
  return promise;
}
