import { Int64Set } from '../../runtime/int64-set.ts';
import { type EntryBatch, EntryBatchBuilder, type OwnedEntryBatch } from '../bbolt/entry-batch.ts';
import { encodeKeyValue, encodeTombstone, KEY_VALUE_OVERHEAD, type KeyValueFields } from './key-value.ts';
import { encodeRevisionKey, REVISION_KEY_SIZE } from './revision-key.ts';
import { UnfitChange } from './unfit-change.ts';

/** One change of a key: a put with all fields, or a delete with key and mod revision only. */
export interface ChangeFields extends KeyValueFields {
  readonly isDelete: boolean;
}

/** Records that were encoded elsewhere, as {@link ChangeEncoder} encodes them. */
export interface EncodedChanges {
  readonly records: EntryBatch;
  /** Revision and sub revision of the last change. */
  readonly revision: number;
  readonly sub: number;
  /** Leases of the puts, some more than once. */
  readonly leases: Iterable<bigint>;
}

/**
 * Encodes changes as records of the `key` bucket, byte for byte as etcd stored them.
 *
 * Changes of one transaction share a revision. Their sub revisions, their places in the transaction, are counted here, so all
 * changes of a transaction have to arrive, in order.
 */
export class ChangeEncoder {
  readonly #after: number;
  readonly #batch: EntryBatchBuilder;
  readonly #reserve: number;
  readonly #leases = new Int64Set();
  #revision: number;
  #sub = 0;
  #added = 0;
  #skipped = 0;

  /**
   * Changes up to revision `after` are skipped; after it no revision may be missing. Buffers have room for `bytes` bytes of
   * records; the first one is taken from `spare`, if given.
   */
  constructor(options: {
    readonly after: number;
    readonly bytes: number;
    readonly spare?: OwnedEntryBatch | undefined;
  }) {
    this.#after = options.after;
    this.#revision = options.after;
    this.#batch = new EntryBatchBuilder(options);
    this.#reserve = options.bytes;
  }

  /** Revision of the last change that was added, or `after`. */
  get revision(): number {
    return this.#revision;
  }

  /** Sub revision of that change. */
  get sub(): number {
    return this.#sub;
  }

  /** Number of changes that were added. */
  get added(): number {
    return this.#added;
  }

  /** Number of changes that were skipped: those up to revision `after`. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Leases of the added puts. */
  get leases(): Int64Set {
    return this.#leases;
  }

  /** Bytes of records that were not taken yet. */
  get pending(): number {
    return this.#batch.length;
  }

  /**
   * Adds the next change; its key and value are ranges of `source`. Throws {@link UnfitChange} when etcd cannot have made it, or
   * revisions before it are missing.
   */
  add(source: Uint8Array, change: ChangeFields): void {
    checkFields(change);
    if (change.modRevision <= this.#after) {
      this.#skipped++;
      return;
    }
    this.#advance(change.modRevision);
    const room = change.keyEnd - change.keyStart + change.valueEnd - change.valueStart + KEY_VALUE_OVERHEAD;
    const target = this.#batch.reserve(REVISION_KEY_SIZE + 1 + room);
    const start = this.#batch.length;
    const tombstone = change.isDelete;
    const value = encodeRevisionKey(target, start, { main: change.modRevision, sub: this.#sub, tombstone });
    const end = tombstone
      ? encodeTombstone(target, value, source, change)
      : encodeKeyValue(target, value, source, change);
    this.#batch.commit(value - start, end - value);
    this.#added++;
    if (change.lease !== 0n) {
      this.#leases.add(change.lease);
    }
  }

  /** Adds encoded changes that follow the last one. */
  addEncoded(changes: EncodedChanges): void {
    this.#batch.addAll(changes.records);
    this.#added += changes.records.count;
    this.#revision = changes.revision;
    this.#sub = changes.sub;
    for (const lease of changes.leases) {
      this.#leases.add(lease);
    }
  }

  /** Takes the records added since the last call, with their buffers; continues in those of `spare`, if given. */
  take(spare?: OwnedEntryBatch): OwnedEntryBatch {
    return this.#batch.take({ bytes: this.#reserve, spare });
  }

  /** The remaining records, perhaps none, with their buffers. The encoder must not be used afterwards. */
  end(): OwnedEntryBatch {
    return this.#batch.end();
  }

  #advance(next: number): void {
    if (next === this.#revision && next !== this.#after) {
      this.#sub++;
      return;
    }
    if (next !== this.#revision + 1) {
      throw new UnfitChange(
        next,
        next > this.#revision
          ? { kind: 'gap', from: this.#revision + 1, to: next - 1 }
          : { kind: 'order', after: this.#revision },
      );
    }
    this.#revision = next;
    this.#sub = 0;
  }
}

function checkFields(change: ChangeFields): void {
  const { modRevision, createRevision, version, isDelete, keyStart, keyEnd } = change;
  const sound =
    Number.isSafeInteger(modRevision) &&
    modRevision > 0 &&
    keyEnd > keyStart &&
    (isDelete ||
      (createRevision > 0 && createRevision <= modRevision && version >= 1 && Number.isSafeInteger(version)));
  if (!sound) {
    const fields = `create revision ${createRevision}, version ${version}, key of ${keyEnd - keyStart} bytes`;
    throw new UnfitChange(modRevision, { kind: 'content', fields });
  }
}
