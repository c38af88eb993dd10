import { keyFingerprint } from '../../checksum/key-fingerprints.ts';
import { BLOCK_SIZE, type WantedFingerprints } from './page-table.ts';
import { LONGEST_VARINT, VarintReader, writeVarint } from './varint.ts';

const KEY_SIZE = 3;
const PREFIX_SIZE = 4;

/** Gathers the fingerprints of the keys of a delta, for a filter at its end: see docs/formats.md. */
export class KeyFilter {
  readonly #keys = new Set<number>();
  readonly #prefixes = new Set<number>();
  readonly #onPrefix = (fingerprint: number): void => void this.#prefixes.add(fingerprint);

  add(key: Uint8Array): void {
    this.#keys.add(keyFingerprint(key, 0, key.length, this.#onPrefix));
  }

  /** Adds what another one holds. */
  addAll(other: KeyFilter): void {
    for (const key of other.#keys) {
      this.#keys.add(key);
    }
    for (const prefix of other.#prefixes) {
      this.#prefixes.add(prefix);
    }
  }

  /** Its blocks, at least one. */
  *blocks(): Generator<Uint8Array, void> {
    const keys = Uint32Array.from(this.#keys).sort();
    const prefixes = Uint32Array.from(this.#prefixes).sort();
    const mostKeys = Math.floor((BLOCK_SIZE / 2 - LONGEST_VARINT) / KEY_SIZE);
    const mostPrefixes = Math.floor((BLOCK_SIZE / 2 - LONGEST_VARINT) / PREFIX_SIZE);
    for (let part = 0; part === 0 || part * mostKeys < keys.length || part * mostPrefixes < prefixes.length; part++) {
      yield blockOf(
        keys.subarray(part * mostKeys, (part + 1) * mostKeys),
        prefixes.subarray(part * mostPrefixes, (part + 1) * mostPrefixes),
      );
    }
  }
}

/** Whether a block of a filter holds something of what is looked for. Throws a RangeError for what is no block. */
export function filterHolds(block: Uint8Array, wanted: WantedFingerprints): boolean {
  const reader = new VarintReader(block);
  let holds = false;
  for (let left = reader.number(); left > 0; left--) {
    holds = wanted.keys.has(reader.fixed(KEY_SIZE)) || holds;
  }
  for (let left = reader.number(); left > 0; left--) {
    holds = wanted.prefixes.has(reader.fixed(PREFIX_SIZE)) || holds;
  }
  if (!reader.isAtEnd) {
    throw new RangeError('something follows a filter');
  }
  return holds;
}

function blockOf(keys: Uint32Array, prefixes: Uint32Array): Uint8Array {
  const block = Buffer.alloc(2 * LONGEST_VARINT + keys.length * KEY_SIZE + prefixes.length * PREFIX_SIZE);
  let at = writeVarint(block, 0, keys.length);
  for (const key of keys) {
    at = block.writeUIntLE(key, at, KEY_SIZE);
  }
  at = writeVarint(block, at, prefixes.length);
  for (const prefix of prefixes) {
    at = block.writeUInt32LE(prefix, at);
  }
  return block.subarray(0, at);
}
