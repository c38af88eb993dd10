import { createHash, type Hash } from 'node:crypto';
import { HashDamage } from './damage.ts';
import { endsWithHash, HASH_SIZE } from './hash-size.ts';

const NOTHING = new Uint8Array(0);

/**
 * Cuts the SHA-256 from the end of a stream of unknown length, and hashes what precedes it. It holds back the last 32 bytes.
 */
export class TrailingHash {
  readonly #own: Hash = createHash('sha256');
  readonly #hash: { update(bytes: Uint8Array): unknown };
  #held: Uint8Array = NOTHING;
  #length = 0;

  /** `hash` is given what precedes the hash in place of one of its own, and {@link verify} what it makes of that. */
  constructor(hash?: { update(bytes: Uint8Array): unknown }) {
    this.#hash = hash ?? this.#own;
  }

  /** Bytes pushed so far, those held back included. */
  get length(): number {
    return this.#length;
  }

  /** Takes the stream's next bytes and gives those that are certainly not the hash, in order; they may alias `bytes`. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    this.#length += bytes.length;
    if (bytes.length < HASH_SIZE) {
      const all = Buffer.concat([this.#held, bytes]);
      const cut = Math.max(0, all.length - HASH_SIZE);
      this.#held = all.subarray(cut);
      return this.#certain([all.subarray(0, cut)]);
    }
    const before = this.#held;
    const cut = bytes.length - HASH_SIZE;
    this.#held = Uint8Array.prototype.slice.call(bytes, cut);
    return this.#certain([before, bytes.subarray(0, cut)]);
  }

  /** Ends the stream. Throws {@link HashDamage} unless the held bytes are the hash of all others, which is `computed`. */
  verify(computed: Buffer = this.#own.digest()): void {
    if (this.#held.length < HASH_SIZE) {
      throw new HashDamage(`the stream of ${this.#length} bytes is too short to end with a SHA-256`);
    }
    if (!computed.equals(this.#held)) {
      const stored = Buffer.from(this.#held).toString('hex');
      throw new HashDamage(
        `the SHA-256 at the end is ${stored}, that of the bytes before it is ${computed.toString('hex')}`,
      );
    }
  }

  #certain(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
    const payload = pieces.filter((piece) => piece.length > 0);
    for (const piece of payload) {
      this.#hash.update(piece);
    }
    return payload;
  }

  /** Whether the bytes so far end with a hash, by their number: see {@link endsWithHash}. */
  get present(): boolean {
    return endsWithHash(this.#length);
  }
}

/**
 * Reads `source` to its end. Throws {@link HashDamage} when the SHA-256 there is missing or wrong, errors of the source,
 * and the signal's reason.
 */
export async function checkTrailingHash(
  source: AsyncIterable<Uint8Array>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const trailing = new TrailingHash();
  for await (const bytes of source) {
    options.signal?.throwIfAborted();
    trailing.push(bytes);
  }
  trailing.verify();
}
