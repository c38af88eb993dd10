import { EncryptionDamage } from '../damage.ts';
import { CHUNK_SIZE, openChunkAt, TAG_SIZE } from './age-chunks.ts';

const SEALED_SIZE = CHUNK_SIZE + TAG_SIZE;

/** A part of an object, bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The payload of an age file of known length, of which chunks are opened one by one. Each chunk proves that it is the one of its number, and
 * the last one that it is the last: an object that was cut has another chunk at its end.
 */
export class SealedPayload {
  readonly #key: Uint8Array;
  readonly #startsAt: number;
  readonly #chunks: number;
  readonly #sealedSize: number;

  /**
   * `startsAt` is where the payload begins in an object of `objectSize` bytes, and `key` opens its chunks. Throws an {@link EncryptionDamage} where
   * none can end there.
   */
  constructor({
    key,
    startsAt,
    objectSize,
  }: { readonly key: Uint8Array; readonly startsAt: number; readonly objectSize: number }) {
    this.#key = key;
    this.#startsAt = startsAt;
    this.#sealedSize = Math.max(0, objectSize - startsAt);
    this.#chunks = Math.max(1, Math.ceil(this.#sealedSize / SEALED_SIZE));
    const last = this.#sealedSize - (this.#chunks - 1) * SEALED_SIZE;
    // Only an object without contents has an empty chunk.
    if (last < TAG_SIZE || (last === TAG_SIZE && this.#chunks > 1)) {
      throw new EncryptionDamage('the encrypted data ends too early', { offset: objectSize });
    }
  }

  /** Bytes of the contents. */
  get size(): number {
    return this.#sealedSize - this.#chunks * TAG_SIZE;
  }

  /** The bytes of the object that hold those of a part of the contents: whole chunks. */
  stored({ start, end }: ByteRange): ByteRange {
    const first = Math.floor(start / CHUNK_SIZE);
    const last = Math.max(first, Math.ceil(end / CHUNK_SIZE) - 1);
    const of = (chunk: number): number => this.#startsAt + Math.min(this.#sealedSize, chunk * SEALED_SIZE);
    return { start: of(first), end: of(last + 1) };
  }

  /** A part of the contents, in the bytes that {@link stored} names. Throws EncryptionDamage. */
  open(part: ByteRange, stored: Buffer): Buffer {
    const first = Math.floor(part.start / CHUNK_SIZE);
    const opened: Buffer[] = [];
    for (let at = 0; at < stored.length; at += SEALED_SIZE) {
      const number = first + at / SEALED_SIZE;
      opened.push(
        openChunkAt(stored.subarray(at, at + SEALED_SIZE), {
          key: this.#key,
          number,
          at: this.#startsAt + number * SEALED_SIZE,
          isLast: number === this.#chunks - 1,
        }),
      );
    }
    const skipped = part.start - first * CHUNK_SIZE;
    return Buffer.concat(opened).subarray(skipped, skipped + part.end - part.start);
  }
}
