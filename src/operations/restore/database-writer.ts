import { AppendTransaction } from '../../datadir/bbolt/append-transaction.ts';
import type { Database } from '../../datadir/bbolt/database.ts';
import type { EntryBatch } from '../../datadir/bbolt/entry-batch.ts';
import type { Meta } from '../../datadir/bbolt/meta.ts';
import type { ClusterBootstrap } from '../../datadir/membership/bootstrap.ts';
import { REPLACED_BUCKETS } from '../../datadir/membership/bootstrap.ts';
import { leaseKey, leaseRecord } from '../../datadir/mvcc/lease-record.ts';
import { encodeRevisionKey, REVISION_KEY_SIZE } from '../../datadir/mvcc/revision-key.ts';
import { quotaExceeded } from '../../objects/quota-exceeded.ts';
import { nextRevision, type Revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';

/** A base database that becomes the restored one: changes are added to it, then the new membership. */
export class DatabaseWriter implements AsyncDisposable {
  readonly #transaction: AppendTransaction;
  readonly #quotaBytes: number | undefined;

  private constructor(transaction: AppendTransaction, options: { readonly quotaBytes: number | undefined }) {
    this.#transaction = transaction;
    this.#quotaBytes = options.quotaBytes;
  }

  /**
   * Begins with a base of which only the newest meta is known: {@link addChanges} works ahead, everything else waits for
   * `base`, which is closed with this. Throws a Failure `quota_exceeded` when it is too large.
   */
  static async begin(
    path: string,
    options: { readonly meta: Meta; readonly base: Promise<Database>; readonly quotaBytes: number | undefined },
  ): Promise<DatabaseWriter> {
    const transaction = await AppendTransaction.begin(path, options);
    try {
      const database = new DatabaseWriter(transaction, options);
      database.#checkQuota();
      return database;
    } catch (error) {
      await transaction[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Bytes of the database so far. */
  get size(): number {
    return this.#transaction.size;
  }

  /**
   * Adds records after those the `key` bucket holds; with `keptUpTo`, after those it holds up to this revision, the others are
   * dropped. Throws the signal's reason between two batches.
   */
  async addChanges(
    batches: AsyncIterable<EntryBatch>,
    options: { readonly keptUpTo?: Revision | undefined; readonly signal: AbortSignal },
  ): Promise<void> {
    const { keptUpTo } = options;
    const below = keptUpTo === undefined ? undefined : firstKeyAfter(keptUpTo);
    await this.#transaction.append('key', this.#withinQuota(batches, options), { below });
  }

  /**
   * Adds a record for each lease the base does not know, with the TTL that the deltas record or else `unknownTtl`, seconds. They were
   * granted after it: without a record etcd would take the lease away from its keys. Returns how many were added.
   */
  async addLeases(
    ids: Iterable<bigint>,
    options: {
      readonly ttls: Pick<ReadonlyMap<bigint, number>, 'get'>;
      readonly unknownTtl: number;
      readonly signal: AbortSignal;
    },
  ): Promise<{ readonly granted: number; readonly guessed: number }> {
    const known = await (await this.#transaction.base).bucket('lease');
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
      await this.#transaction.merge('lease', records, options);
    }
    return { granted: records.length, guessed };
  }

  /**
   * Makes the database that of the member `identity` describes, and all of it durable. Throws a {@link Failure} `data_dir_changed` when
   * the file is not the one of its path any more.
   */
  async finish(
    identity: Pick<ClusterBootstrap, 'bucketEntries'>,
    options: { readonly signal: AbortSignal },
  ): Promise<void> {
    for (const [bucket, entries] of identity.bucketEntries) {
      if (REPLACED_BUCKETS.includes(bucket)) {
        await this.#transaction.replace(bucket, entries);
      } else {
        await this.#transaction.merge(bucket, entries, options);
      }
    }
    this.#checkQuota();
    await this.#transaction.commit(options);
    if (!(await this.#transaction.isInPlace())) {
      throw new Failure({
        code: 'data_dir_changed',
        action: 'restore',
        object: 'the database',
        found: 'another file was put in its place while it was written',
        remedy: 'leave the directory alone until the run has ended, and try again',
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transaction[Symbol.asyncDispose]();
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
    if (this.#quotaBytes !== undefined && this.size > this.#quotaBytes) {
      throw quotaExceeded({ size: this.size, quotaBytes: this.#quotaBytes });
    }
  }
}

function firstKeyAfter(last: Revision): Uint8Array {
  const key = new Uint8Array(REVISION_KEY_SIZE);
  encodeRevisionKey(key, 0, { main: nextRevision(last), sub: 0, tombstone: false });
  return key;
}
