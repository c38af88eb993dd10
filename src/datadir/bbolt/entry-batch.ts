/**
 * Many entries in one buffer, in the order of a leaf page: key, value, key, value, …. One copy fills a whole page, and a worker
 * thread can transfer the buffers without copying.
 */
export interface EntryBatch {
  readonly count: number;
  /** Two numbers an entry: bytes of its key, bytes of its value. */
  readonly sizes: Uint32Array;
  /** All keys and values, without gaps. May be longer than the sum of the sizes. */
  readonly bytes: Uint8Array;
}

/** A batch that owns its buffers, so that they can be transferred to another thread. */
export interface OwnedEntryBatch extends EntryBatch {
  readonly sizes: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Fills an {@link EntryBatch}; its memory grows as needed. */
export class EntryBatchBuilder {
  #sizes: Uint32Array<ArrayBuffer>;
  #bytes: Uint8Array<ArrayBuffer>;
  #count = 0;
  #length = 0;

  /** Begins with the buffers of `spare`, a batch that is not needed any more, or with room for `bytes` bytes. */
  constructor(options: { readonly bytes: number; readonly spare?: OwnedEntryBatch | undefined }) {
    this.#bytes = options.spare?.bytes ?? new Uint8Array(Math.max(64, options.bytes));
    this.#sizes = options.spare?.sizes ?? new Uint32Array(128);
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of keys and values so far. */
  get length(): number {
    return this.#length;
  }

  /** Memory in which `size` bytes can be written from {@link length} on, as the next entry. Valid until the next call. */
  reserve(size: number): Uint8Array<ArrayBuffer> {
    const needed = this.#length + size;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, needed));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  /** Takes what was written after {@link reserve} as one entry. */
  commit(keySize: number, valueSize: number): void {
    if (this.#count * 2 === this.#sizes.length) {
      const grown = new Uint32Array(this.#sizes.length * 2);
      grown.set(this.#sizes);
      this.#sizes = grown;
    }
    this.#sizes[this.#count * 2] = keySize;
    this.#sizes[this.#count * 2 + 1] = valueSize;
    this.#count++;
    this.#length += keySize + valueSize;
  }

  /** Adds a copy of one entry. */
  add(key: Uint8Array, value: Uint8Array): void {
    const bytes = this.reserve(key.length + value.length);
    bytes.set(key, this.#length);
    bytes.set(value, this.#length + key.length);
    this.commit(key.length, value.length);
  }

  /** Adds a copy of the entry whose key begins at `key`, with its value right after it from `value` up to `end`. */
  addFrom(source: Uint8Array, key: number, value: number, end: number): void {
    this.reserve(end - key).set(source.subarray(key, end), this.#length);
    this.commit(value - key, end - value);
  }

  /** Adds copies of all entries of a batch whose `bytes` are exactly as long as the sum of its sizes. */
  addAll(batch: EntryBatch): void {
    const sizes = batch.count * 2;
    const needed = this.#count * 2 + sizes;
    if (needed > this.#sizes.length) {
      const grown = new Uint32Array(Math.max(this.#sizes.length * 2, needed));
      grown.set(this.#sizes);
      this.#sizes = grown;
    }
    this.reserve(batch.bytes.length).set(batch.bytes, this.#length);
    this.#sizes.set(batch.sizes.subarray(0, sizes), this.#count * 2);
    this.#count += batch.count;
    this.#length += batch.bytes.length;
  }

  /** Removes every entry and keeps the buffers. */
  clear(): void {
    this.#count = 0;
    this.#length = 0;
  }

  /** The entries so far, as views of this builder's buffers; valid until the next call. */
  batch(): EntryBatch {
    return {
      count: this.#count,
      sizes: this.#sizes.subarray(0, this.#count * 2),
      bytes: this.#bytes.subarray(0, this.#length),
    };
  }

  /**
   * The entries so far with their buffers. The builder begins anew with the buffers of `spare`, a batch that is not needed any
   * more, or with `bytes` bytes of room.
   */
  take(options: { readonly bytes: number; readonly spare?: OwnedEntryBatch | undefined }): OwnedEntryBatch {
    const batch = { count: this.#count, sizes: this.#sizes, bytes: this.#bytes };
    this.#sizes = options.spare?.sizes ?? new Uint32Array(Math.max(128, this.#sizes.length));
    this.#bytes = options.spare?.bytes ?? new Uint8Array(Math.max(64, options.bytes));
    this.clear();
    return batch;
  }

  /** The remaining entries with their buffers. The builder must not be used afterwards. */
  end(): OwnedEntryBatch {
    return { count: this.#count, sizes: this.#sizes, bytes: this.#bytes };
  }
}
