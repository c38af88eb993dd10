import { crc32c } from '../../checksum/crc32c.ts';
import type { Bucket } from '../bbolt/bucket.ts';
import type { Database } from '../bbolt/database.ts';
import { Damage } from '../damage.ts';
import { type KeyChange, keyChanges } from './key-changes.ts';
import { KeyTable } from './key-table.ts';
import { decodeKeyValue, type KeyValue } from './key-value.ts';
import { encodeRevisionKey, REVISION_KEY_SIZE } from './revision-key.ts';

/** A key that exists, without its value. */
export interface LivingKey {
  /** A view. */
  readonly key: Uint8Array;
  /** Revision of its last change, and the place of this within its transaction. */
  readonly main: number;
  readonly sub: number;
  readonly createRevision: number;
  readonly version: number;
  /** Bytes of the value. */
  readonly size: number;
  /** CRC-32C of the value. */
  readonly digest: number;
}

/** Numbers that are kept of each key. */
const FIELDS = 6;

/**
 * The keys with some prefix that exist at a revision. Memory holds their names and about 90 bytes more each, no values; these are
 * read one by one.
 */
export class LivingKeys {
  readonly #database: Database;
  readonly #table = new KeyTable();
  /** {@link FIELDS} numbers a key. */
  #facts = new Float64Array(FIELDS * 256);
  #used = 0;
  #bucket: Promise<Bucket | undefined> | undefined;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** Reads the whole history of a database up to `revision`. Throws Damage. */
  static async read(
    database: Database,
    options: { readonly prefix: Uint8Array; readonly revision: number; readonly signal: AbortSignal },
  ): Promise<LivingKeys> {
    const { prefix } = options;
    const found = new LivingKeys(database);
    const wants = (key: Uint8Array): boolean =>
      // The record without a key that --bump-revision writes is no key of anybody.
      key.length > 0 && key.length >= prefix.length && Buffer.compare(key.subarray(0, prefix.length), prefix) === 0;
    for await (const change of keyChanges(database, { ...options, wants })) {
      found.#update(change);
    }
    return found;
  }

  get size(): number {
    return this.#table.size;
  }

  /** All of them in the order of their bytes. */
  *inOrder(): Generator<LivingKey, void> {
    for (const { key, value: place } of this.#table.inOrder()) {
      const [main = 0, sub = 0, createRevision = 0, version = 0, size = 0, digest = 0] = this.#facts.subarray(
        place * FIELDS,
        (place + 1) * FIELDS,
      );
      yield { key, main, sub, createRevision, version, size, digest };
    }
  }

  /** The value of one of them, valid until the next is read. Throws Damage. */
  async contentOf({ main, sub }: Pick<LivingKey, 'main' | 'sub'>): Promise<KeyValue> {
    this.#bucket ??= this.#database.bucket('key');
    const bucket = await this.#bucket;
    const at = new Uint8Array(REVISION_KEY_SIZE);
    encodeRevisionKey(at, 0, { main, sub, tombstone: false });
    const record = await bucket?.get(at);
    const content = record === undefined ? undefined : decodeKeyValue(record);
    if (content === undefined) {
      const reason = `the change ${main}_${sub} was found once and is not found again`;
      throw new Damage({ file: this.#database.path, offset: 0, reason });
    }
    return content;
  }

  #update(change: KeyChange): void {
    if (change.tombstone) {
      this.#table.delete(change.key);
      return;
    }
    const place = this.#table.get(change.key) ?? this.#used++;
    this.#table.set(change.key, place);
    if (this.#used * FIELDS > this.#facts.length) {
      const larger = new Float64Array(this.#facts.length * 2);
      larger.set(this.#facts);
      this.#facts = larger;
    }
    const { main, sub, createRevision, version, value } = change;
    this.#facts.set([main, sub, createRevision, version, value.length, crc32c(0, value)], place * FIELDS);
  }
}
