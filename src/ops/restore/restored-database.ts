import { checkDatabase } from '../../datadir/bbolt/check.ts';
import type { EntryBatch } from '../../datadir/bbolt/entry-batch.ts';
import { Graft } from '../../datadir/bbolt/graft.ts';
import type { ClusterBootstrap } from '../../datadir/membership/bootstrap.ts';
import { REPLACED_BUCKETS } from '../../datadir/membership/bootstrap.ts';
import { readLastRevision } from '../../datadir/mvcc/last-revision.ts';
import { leaseId, leaseKey, leaseRecord } from '../../datadir/mvcc/lease-record.ts';
import { type Revision, revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';

/** A base database that becomes the restored one: changes are added to it, then the new membership. */
export class RestoredDatabase implements AsyncDisposable {
  /** Last revision of the base, from its contents. */
  readonly baseRevision: Revision;
  readonly #graft: Graft;
  readonly #quotaBytes: number;

  private constructor(graft: Graft, options: { readonly baseRevision: Revision; readonly quotaBytes: number }) {
    this.#graft = graft;
    this.baseRevision = options.baseRevision;
    this.#quotaBytes = options.quotaBytes;
  }

  /** Opens the base. Throws Damage, and a {@link Failure} `quota_exceeded` when it is too large. */
  static async open(path: string, options: { readonly quotaBytes: number }): Promise<RestoredDatabase> {
    const graft = await Graft.open(path);
    try {
      const baseRevision = revision(await readLastRevision(graft.base));
      const database = new RestoredDatabase(graft, { ...options, baseRevision });
      database.#checkQuota();
      return database;
    } catch (error) {
      await graft[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Checks the structure of the base, every page of it. Throws the first Damage. */
  async checkBase(options: { readonly signal: AbortSignal }): Promise<void> {
    const { damages } = await checkDatabase(this.#graft.base, options);
    const [first] = damages;
    if (first !== undefined) {
      throw first;
    }
  }

  /** Bytes of the database by now. */
  get size(): number {
    return this.#graft.size;
  }

  /** Adds records behind those the `key` bucket holds. Throws the signal's reason between two batches. */
  async addChanges(batches: AsyncIterable<EntryBatch>, options: { readonly signal: AbortSignal }): Promise<void> {
    await this.#graft.append('key', this.#withinQuota(batches, options));
  }

  /**
   * Adds a record for each lease the base does not know, with the TTL that the deltas tell or else `unknownTtl`, seconds.
   * They were granted after it: without a record etcd would take the lease away from its keys. Returns how many were added.
   */
  async addLeases(
    ids: ReadonlySet<bigint>,
    options: {
      readonly ttls: ReadonlyMap<bigint, number>;
      readonly unknownTtl: number;
      readonly signal: AbortSignal;
    },
  ): Promise<{ readonly granted: number; readonly guessed: number }> {
    const known = await this.#graft.base.bucket('lease');
    const records = [];
    let guessed = 0;
    for (const id of [...ids].toSorted((a, b) => (BigInt.asUintN(64, a) < BigInt.asUintN(64, b) ? -1 : 1))) {
      if ((await known?.get(leaseKey(id))) === undefined) {
        const ttl = options.ttls.get(id);
        guessed += ttl === undefined ? 1 : 0;
        records.push(leaseRecord(id, ttl ?? options.unknownTtl));
      }
    }
    if (records.length > 0) {
      await this.#graft.merge('lease', records, options);
    }
    return { granted: records.length, guessed };
  }

  /** Ids of the leases the base knows. */
  async knownLeases(options: { readonly signal: AbortSignal }): Promise<readonly bigint[]> {
    const ids: bigint[] = [];
    const bucket = await this.#graft.base.bucket('lease');
    for await (const leaf of bucket?.leaves(options) ?? []) {
      for (let index = 0; index < leaf.count; index++) {
        ids.push(leaseId(leaf.key(index)));
      }
    }
    return ids;
  }

  /** Makes the database that of the member `identity` describes, and all of it durable. */
  async finish(
    identity: Pick<ClusterBootstrap, 'bucketEntries'>,
    options: { readonly signal: AbortSignal },
  ): Promise<void> {
    for (const [bucket, entries] of identity.bucketEntries) {
      if (REPLACED_BUCKETS.includes(bucket)) {
        await this.#graft.replace(bucket, entries);
      } else {
        await this.#graft.merge(bucket, entries, options);
      }
    }
    this.#checkQuota();
    await this.#graft.commit(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#graft[Symbol.asyncDispose]();
  }

  async *#withinQuota(
    batches: AsyncIterable<EntryBatch>,
    options: { readonly signal: AbortSignal },
  ): AsyncGenerator<EntryBatch, void> {
    for await (const batch of batches) {
      options.signal.throwIfAborted();
      yield batch;
      this.#checkQuota();
    }
  }

  #checkQuota(): void {
    if (this.size > this.#quotaBytes) {
      throw new Failure({
        code: 'quota_exceeded',
        action: 'restore',
        object: 'the database',
        found: `it needs ${this.size} bytes, more than the quota of ${this.#quotaBytes}`,
        remedy: 'raise --embedded-etcd-quota-bytes, and the quota of the etcd that will run on it',
      });
    }
  }
}
