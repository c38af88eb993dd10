import { createHash, type Hash } from 'node:crypto';
import { HashDamage } from './damage.ts';

/** Bytes of the SHA-256 that ends every full and every delta. */
export const HASH_SIZE = 32;

/** A bbolt file is a multiple of this; etcd tells by it whether a hash stands behind the file. */
const SECTOR_SIZE = 512;

const NOTHING = new Uint8Array(0);

/**
 * Cuts the SHA-256 from the end of a stream whose length is not known beforehand, and hashes what precedes it.
 * Holds back as many bytes as a hash has.
 */
export class TrailingHash {
  readonly #hash: Hash = createHash('sha256');
  #held: Uint8Array = NOTHING;
  #length = 0;

  /** Bytes pushed so far, those held back included. */
  get length(): number {
    return this.#length;
  }

  /** Takes the stream's next bytes and gives those that are certainly not the hash; they may alias `bytes`. */
  push(bytes: Uint8Array): Uint8Array {
    this.#length += bytes.length;
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const cut = Math.max(0, all.length - HASH_SIZE);
    this.#held = Uint8Array.prototype.slice.call(all, cut);
    const payload = all.subarray(0, cut);
    this.#hash.update(payload);
    return payload;
  }

  /** Ends the stream. Throws {@link HashDamage} unless the held bytes are the hash of all others. */
  verify(): void {
    if (this.#held.length < HASH_SIZE) {
      throw new HashDamage(`the stream of ${this.#length} bytes is too short to end with a SHA-256`);
    }
    const computed = this.#hash.digest();
    if (!computed.equals(this.#held)) {
      const stored = Buffer.from(this.#held).toString('hex');
      throw new HashDamage(
        `the SHA-256 at the end is ${stored}, that of the bytes before it is ${computed.toString('hex')}`,
      );
    }
  }

  /**
   * Ends the stream without looking at the hash. Gives the held bytes when they belong to a database without a hash,
   * and nothing when they are a hash, told apart as etcd does: a bbolt file is a multiple of 512 bytes.
   */
  release(): Uint8Array {
    return this.#length % SECTOR_SIZE === HASH_SIZE ? NOTHING : this.#held;
  }
}

/**
 * Passes on all but the SHA-256 at the end of `source`.
 * `check` throws {@link HashDamage} at the end when it is missing or wrong; `skip` accepts any hash and none.
 */
export async function* withoutTrailingHash(
  source: AsyncIterable<Uint8Array>,
  options: { readonly mode: 'check' | 'skip' } = { mode: 'check' },
): AsyncGenerator<Uint8Array, void, undefined> {
  const trailing = new TrailingHash();
  for await (const bytes of source) {
    const payload = trailing.push(bytes);
    if (payload.length > 0) {
      yield payload;
    }
  }
  switch (options.mode) {
    case 'check':
      trailing.verify();
      return;
    case 'skip': {
      const rest = trailing.release();
      if (rest.length > 0) {
        yield rest;
      }
      return;
    }
    default:
      options.mode satisfies never;
  }
}
