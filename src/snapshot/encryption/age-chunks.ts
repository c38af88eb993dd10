import { createCipheriv, createDecipheriv } from 'node:crypto';
import { EncryptionDamage } from '../damage.ts';

/** Bytes of a chunk before it is encrypted; only the last one has fewer. */
export const CHUNK_SIZE = 64 * 1024;

/** Bytes of the tag that proves that a chunk was not changed. */
export const TAG_SIZE = 16;

/** Bytes of a chunk as it is stored. */
const SEALED_SIZE = CHUNK_SIZE + TAG_SIZE;

/** Chunks that are read at a time. */
const chunksAtOnce = 16;

const CIPHER = 'chacha20-poly1305';

/**
 * Encrypts the payload of an age file: chunks of 64 KiB with ChaCha20-Poly1305, whose nonces are the number of the chunk (11 bytes,
 * big-endian) and a byte that is 1 in the last one, so that none can be moved, left out or cut off (STREAM). `key` must never have
 * been used before. A piece of `source` may be overwritten once the next one is asked for.
 */
export async function* sealChunks(
  source: AsyncIterable<Uint8Array>,
  key: Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  const sealer = new ChunkSealer(key);
  for await (const bytes of source) {
    yield* sealer.push(bytes);
  }
  yield* sealer.end();
}

/** The same, bytes by bytes. `key` must never have been used before. */
export class ChunkSealer {
  readonly #key: Uint8Array;
  readonly #nonces = new ChunkNonces();
  readonly #held = Buffer.allocUnsafeSlow(CHUNK_SIZE);
  #filled = 0;
  #sealed = 0;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** The chunks that are full with `bytes`, all of which have to be taken; the rest of them is kept. */
  *push(bytes: Uint8Array): Generator<Uint8Array, void> {
    for (let taken = 0; taken < bytes.length; ) {
      // Only what comes after a chunk shows that it is not the last.
      if (this.#filled === CHUNK_SIZE) {
        yield* this.#seal(this.#held, 'inner');
        this.#filled = 0;
      }
      while (this.#filled === 0 && bytes.length - taken > CHUNK_SIZE) {
        yield* this.#seal(bytes.subarray(taken, taken + CHUNK_SIZE), 'inner');
        taken += CHUNK_SIZE;
      }
      const part = bytes.subarray(taken, taken + CHUNK_SIZE - this.#filled);
      this.#held.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
    }
  }

  /** The last chunk, with what was kept. */
  *end(): Generator<Uint8Array, void> {
    yield* this.#seal(this.#held.subarray(0, this.#filled), 'last');
  }

  /** Joining them would copy them; the consumer writes many at once. */
  #seal(chunk: Uint8Array, place: ChunkPosition): readonly Uint8Array[] {
    const nonce = this.#nonces.of(this.#sealed, place);
    this.#sealed += 1;
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_SIZE });
    const sealed = cipher.update(chunk);
    cipher.final();
    return [sealed, cipher.getAuthTag()];
  }
}

/** What {@link openChunks} reads; `read` is that of a {@link PieceReader}. */
interface ChunkSource {
  read(target: Uint8Array, place: { readonly start: number; readonly end: number }): Promise<number>;
}

/**
 * Decrypts the payload of an age file. Nothing is given that is not proved to be what was encrypted, in its order; the end is known
 * only when the iteration has ended. Throws {@link EncryptionDamage} when a chunk was changed, moved or left out, or the end is missing; `startsAt` is
 * where the payload begins in the object, for its offsets.
 */
export async function* openChunks(
  source: ChunkSource,
  { key, startsAt }: { readonly key: Uint8Array; readonly startsAt: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const nonces = new ChunkNonces();
  const sealed = Buffer.allocUnsafeSlow(chunksAtOnce * SEALED_SIZE + 1);
  let at = startsAt;
  let held = 0;
  for (let isOver = false; !isOver; ) {
    // One byte more shows whether the last chunk of these is the last of all.
    const end = await source.read(sealed, { start: held, end: sealed.length });
    isOver = end < sealed.length;
    const whole = isOver ? end : end - 1;
    for (let start = 0; start < whole || (isOver && at === startsAt && start === 0); start += SEALED_SIZE) {
      const chunk = sealed.subarray(start, Math.min(start + SEALED_SIZE, whole));
      const isLast = isOver && start + SEALED_SIZE >= whole;
      const number = (at + start - startsAt) / SEALED_SIZE;
      yield openChunk(chunk, { key, nonces, number, at: at + start, isLast });
    }
    at += whole;
    sealed.copyWithin(0, whole, end);
    held = end - whole;
  }
}

/** Which chunk of a payload is opened. */
interface ChunkPlace {
  readonly key: Uint8Array;
  /** From 0. */
  readonly number: number;
  /** Where it begins in the object. */
  readonly at: number;
  readonly isLast: boolean;
}

/** Decrypts one chunk of a payload. Throws {@link EncryptionDamage} unless it is the one of its number, and the last one where it is to be. */
export function openChunkAt(chunk: Buffer, place: ChunkPlace): Buffer {
  return openChunk(chunk, { ...place, nonces: new ChunkNonces() });
}

function openChunk(
  chunk: Buffer,
  { key, nonces, number, at, isLast }: ChunkPlace & { readonly nonces: ChunkNonces },
): Buffer {
  const size = chunk.length - TAG_SIZE;
  // Only an object without contents has an empty chunk.
  if (size < 0 || (size === 0 && number > 0)) {
    throw new EncryptionDamage('the encrypted data ends too early', { offset: at });
  }
  const opened = decrypted(chunk, { key, nonce: nonces.of(number, isLast ? 'last' : 'inner') });
  if (opened !== undefined) {
    return opened;
  }
  // The end of an object that was cut between two chunks is a chunk that is sound, but not the last one.
  const isCut = isLast && decrypted(chunk, { key, nonce: nonces.of(number, 'inner') }) !== undefined;
  throw new EncryptionDamage(
    isCut ? 'the encrypted data ends too early' : 'the encrypted data was changed after it was written',
    { offset: at },
  );
}

function decrypted(
  chunk: Buffer,
  { key, nonce }: { readonly key: Uint8Array; readonly nonce: Uint8Array },
): Buffer | undefined {
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_SIZE });
  decipher.setAuthTag(chunk.subarray(chunk.length - TAG_SIZE));
  const opened = decipher.update(chunk.subarray(0, chunk.length - TAG_SIZE));
  try {
    decipher.final();
    return opened;
  } catch {
    return undefined;
  }
}

/** Whether chunks follow. */
type ChunkPosition = 'inner' | 'last';

/** The nonces of chunks, in one buffer. */
class ChunkNonces {
  readonly #nonce = Buffer.alloc(12);

  /** That of a chunk; the array is used again. */
  of(number: number, position: ChunkPosition): Uint8Array {
    this.#nonce.writeUIntBE(number, 5, 6);
    this.#nonce.writeUInt8(position === 'last' ? 1 : 0, 11);
    return this.#nonce;
  }
}
