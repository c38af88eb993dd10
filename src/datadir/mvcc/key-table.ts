import { type HashSecret, halfSipHash, randomSecret } from '../../checksum/half-siphash.ts';
import { compareRanges } from '../bbolt/key-order.ts';

/** Keys are copied into blocks of this many bytes; a longer one has a block of its own. */
const BLOCK_SIZE = 1024 * 1024;
const FIRST_CAPACITY = 1024;
/** The share of slots that may be taken before the table grows. */
const MOST_TAKEN = 0.6;
const FREE = -1;
const REMOVED = -2;
const NOTHING = new Uint8Array(0);

/**
 * A hash table from keys to numbers in typed arrays: a key takes its own bytes and about 40 more, in a Map of strings hundreds.
 * Slots with open addressing refer to blocks with the bytes of the keys. Removed keys are dropped when the table grows next.
 * Clients of etcd choose the keys, so each table has a secret: they cannot know which keys collide.
 */
export class KeyTable {
  readonly #secret: HashSecret;
  #slots = new Slots(FIRST_CAPACITY);
  #blocks = new KeyBlocks();
  /** Slots that are taken, and those of them whose key was removed. */
  #taken = 0;
  #removed = 0;

  /** `secret` is given by tests only. */
  constructor({ secret = randomSecret() }: { readonly secret?: HashSecret } = {}) {
    this.#secret = secret;
  }

  /** Number of keys. */
  get size(): number {
    return this.#taken - this.#removed;
  }

  /** Gives `key` the number `value`, which must not be negative. The bytes are copied. */
  set(key: Uint8Array, value: number): void {
    const hash = halfSipHash(key, this.#secret);
    const slot = this.#find(key, hash);
    const { values } = this.#slots;
    const before = values[slot];
    if (before === FREE) {
      this.#slots.fill(slot, { hash, length: key.length, ...this.#blocks.add(key) }, value);
      this.#taken += 1;
      if (this.#taken > this.#slots.capacity * MOST_TAKEN) {
        this.#grow();
      }
      return;
    }
    this.#removed -= before === REMOVED ? 1 : 0;
    values[slot] = value;
  }

  /** Removes `key`, if it is in the table. */
  delete(key: Uint8Array): void {
    const slot = this.#find(key, halfSipHash(key, this.#secret));
    const { values } = this.#slots;
    if ((values[slot] ?? FREE) >= 0) {
      values[slot] = REMOVED;
      this.#removed += 1;
    }
  }

  /** The number of `key`; undefined when it is not in the table. */
  get(key: Uint8Array): number | undefined {
    const value = this.#slots.values[this.#find(key, halfSipHash(key, this.#secret))] ?? FREE;
    return value < 0 ? undefined : value;
  }

  /** All keys, which are views, and their numbers, in the order of etcd: by bytes. The table must not change meanwhile. */
  *inOrder(): Generator<{ readonly key: Uint8Array; readonly value: number }, void> {
    const slots = this.#slots;
    const taken = new Uint32Array(this.size);
    let count = 0;
    for (const [slot, value] of slots.values.entries()) {
      if (value >= 0) {
        taken[count++] = slot;
      }
    }
    const blocks = this.#blocks;
    // No views for millions of comparisons.
    taken.sort((a, b) => {
      const [left, right] = [slots.offsets[a] ?? 0, slots.offsets[b] ?? 0];
      return compareRanges(
        blocks.block(slots.blocks[a] ?? 0),
        left,
        left + (slots.lengths[a] ?? 0),
        blocks.block(slots.blocks[b] ?? 0),
        right,
        right + (slots.lengths[b] ?? 0),
      );
    });
    for (const slot of taken) {
      const key = blocks.key(slots.blocks[slot] ?? 0, slots.offsets[slot] ?? 0, slots.lengths[slot] ?? 0);
      yield { key, value: slots.values[slot] ?? 0 };
    }
  }

  /** All numbers, in no order. */
  *values(): Generator<number, void> {
    for (const value of this.#slots.values) {
      if (value >= 0) {
        yield value;
      }
    }
  }

  /** The slot of `key`, or the free one where it belongs. */
  #find(key: Uint8Array, hash: number): number {
    const { capacity, hashes, lengths, blocks, offsets, values } = this.#slots;
    for (let slot = hash & (capacity - 1); ; slot = (slot + 1) & (capacity - 1)) {
      if (values[slot] === FREE) {
        return slot;
      }
      if (
        hashes[slot] === hash &&
        lengths[slot] === key.length &&
        this.#blocks.holds(key, blocks[slot] ?? 0, offsets[slot] ?? 0)
      ) {
        return slot;
      }
    }
  }

  /** Makes room for more keys. When most keys were removed, their bytes are dropped and the capacity stays. */
  #grow(): void {
    const old = this.#slots;
    const oldBlocks = this.#blocks;
    const compacts = this.#removed > this.#taken / 2;
    this.#blocks = compacts ? new KeyBlocks() : oldBlocks;
    this.#slots = new Slots(compacts ? old.capacity : old.capacity * 2);
    this.#taken -= this.#removed;
    this.#removed = 0;
    for (let slot = 0; slot < old.capacity; slot++) {
      const value = old.values[slot] ?? FREE;
      if (value >= 0) {
        const place = { block: old.blocks[slot] ?? 0, offset: old.offsets[slot] ?? 0 };
        const length = old.lengths[slot] ?? 0;
        const hash = old.hashes[slot] ?? 0;
        const kept = compacts ? this.#blocks.add(oldBlocks.key(place.block, place.offset, length)) : place;
        this.#slots.fill(this.#slots.freeFor(hash), { hash, length, ...kept }, value);
      }
    }
  }
}

/** Where the bytes of a key are. */
interface Place {
  readonly block: number;
  readonly offset: number;
}

/** The slots of a table, one typed array a field. */
class Slots {
  /** A power of two. */
  readonly capacity: number;
  readonly hashes: Uint32Array;
  readonly lengths: Uint32Array;
  readonly blocks: Uint32Array;
  readonly offsets: Uint32Array;
  /** The number of the key, or FREE or REMOVED. */
  readonly values: Float64Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.hashes = new Uint32Array(capacity);
    this.lengths = new Uint32Array(capacity);
    this.blocks = new Uint32Array(capacity);
    this.offsets = new Uint32Array(capacity);
    this.values = new Float64Array(capacity).fill(FREE);
  }

  fill(slot: number, key: Place & { readonly hash: number; readonly length: number }, value: number): void {
    this.hashes[slot] = key.hash;
    this.lengths[slot] = key.length;
    this.blocks[slot] = key.block;
    this.offsets[slot] = key.offset;
    this.values[slot] = value;
  }

  freeFor(hash: number): number {
    let slot = hash & (this.capacity - 1);
    while (this.values[slot] !== FREE) {
      slot = (slot + 1) & (this.capacity - 1);
    }
    return slot;
  }
}

/** The bytes of keys, one after the other. */
class KeyBlocks {
  readonly #blocks: Uint8Array[] = [];
  #used = BLOCK_SIZE;

  add(key: Uint8Array): Place {
    if (this.#used + key.length > (this.#blocks.at(-1)?.length ?? 0)) {
      this.#blocks.push(new Uint8Array(Math.max(BLOCK_SIZE, key.length)));
      this.#used = 0;
    }
    const place = { block: this.#blocks.length - 1, offset: this.#used };
    this.#blocks[place.block]?.set(key, place.offset);
    this.#used += key.length;
    return place;
  }

  block(at: number): Uint8Array {
    return this.#blocks[at] ?? NOTHING;
  }

  key(block: number, offset: number, length: number): Uint8Array {
    return this.block(block).subarray(offset, offset + length);
  }

  /** Whether the bytes there are those of `key`. */
  holds(key: Uint8Array, block: number, offset: number): boolean {
    const bytes = this.#blocks[block];
    for (let at = 0; at < key.length; at++) {
      if (bytes?.[offset + at] !== key[at]) {
        return false;
      }
    }
    return true;
  }
}
