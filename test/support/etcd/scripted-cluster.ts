import { createHash } from 'node:crypto';
import { eventually } from '../../../scripts/lab/eventually.ts';
import type { ClusterAlarm, EtcdCluster, MemberStatus, WatchBatch } from '../../../src/etcd/cluster.ts';
import { CompactedFailure, EtcdFailure } from '../../../src/etcd/etcd-failure.ts';
import { nextRevision, type Revision, revision } from '../../../src/revision.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
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
  /** How many snapshot streams, from now on, break off in their middle. */
  breakOffs = 0;
  /** Snapshots that were asked for. */
  snapshots = 0;
  #batches: (readonly DeltaEvent[])[] = [];
  #revision = revision(goldenRevision);
  #compacted = 0;
  #breaks = 0;
  #watchFailure: Error | undefined;
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
      memberId: 1n,
      leaderId: 1n,
      isLearner: this.isLearner,
      revision: this.lagsAt ?? this.#revision,
      dbSize: 0,
      raftTerm: 2n,
      raftIndex: this.#raftIndex,
    });
  }

  async members(): Promise<readonly MemberStatus[]> {
    return [await this.status()];
  }

  alarms(): Promise<readonly ClusterAlarm[]> {
    return Promise.resolve(this.raised);
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
    const stream = this.#stream ?? databaseEndingAt(this.#revision);
    onSize?.(stream.length);
    yield stream.subarray(0, 4096);
    if (this.breakOffs > 0) {
      this.breakOffs -= 1;
      const found = 'the stream broke off after 4096 bytes';
      throw new EtcdFailure({ code: 'etcd_unreachable', action: 'read the snapshot of', object: this.location, found });
    }
    if (this.#snapshotGate !== undefined) {
      await Promise.race([this.#snapshotGate.promise, aborted(signal)]);
    }
    yield stream.subarray(4096);
  }

  async *watch({ from, signal }: { from: Revision; signal: AbortSignal }): AsyncGenerator<WatchBatch> {
    this.watchedFrom.push(from);
    const breaks = this.#breaks;
    let next = from;
    for (let index = 0; !signal.aborted; ) {
      if (this.#watchFailure !== undefined) {
        throw this.#watchFailure;
      }
      if (next < this.#compacted && this.#breaks > breaks) {
        throw new CompactedFailure({
          endpoint: this.location,
          from: next,
          compactRevision: revision(this.#compacted),
        });
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
        yield { revision: last, events };
      }
    }
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
