import { randomBytes } from 'node:crypto';
import { CHUNK_SIZE, ChunkSealer, TAG_SIZE } from './age-chunks.ts';
import { NONCE_SIZE, payloadKey } from './payload-key.ts';
import type { Recipients } from './recipients.ts';

/**
 * Encrypts an object as an age file, with a key of its own, whose end comes later than what is before it. What was taken stays in it: a
 * chunk is never made twice.
 */
export class Sealer {
  readonly #sealer: ChunkSealer;
  readonly #head: Uint8Array;

  private constructor(head: Uint8Array, key: Uint8Array) {
    this.#head = head;
    this.#sealer = new ChunkSealer(key);
  }

  /** The most bytes that come after {@link begun} when `size` bytes follow. */
  static mostAfter(size: number): number {
    const left = size + CHUNK_SIZE;
    return left + (Math.ceil(left / CHUNK_SIZE) + 1) * TAG_SIZE;
  }

  /** Makes the header. */
  static async begin(recipients: Recipients): Promise<Sealer> {
    const { header, fileKey } = await recipients.newHeader();
    const nonce = randomBytes(NONCE_SIZE);
    return new Sealer(Buffer.concat([header, nonce]), payloadKey(fileKey, nonce));
  }

  /**
   * The header, and the chunks of the object that are full when `source` ends; what is left is kept. A piece of `source` may be overwritten once the next
   * one is asked for. Errors of the source pass unchanged.
   */
  async *begun(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    yield this.#head;
    for await (const bytes of source) {
      yield* this.#sealer.push(bytes);
    }
  }

  /** The chunks that are full with `bytes`. */
  push(bytes: Uint8Array): Generator<Uint8Array, void> {
    return this.#sealer.push(bytes);
  }

  /** The last chunk. Nothing may follow. */
  end(): Generator<Uint8Array, void> {
    return this.#sealer.end();
  }
}
