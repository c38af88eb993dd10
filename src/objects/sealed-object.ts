import type { RunContext } from '../runtime/run-context.ts';
import { PieceReader } from '../runtime/streams/piece-reader.ts';
import { EncryptionDamage } from '../snapshot/damage.ts';
import { readHeader } from '../snapshot/encryption/age-header.ts';
import { NONCE_SIZE, payloadKey } from '../snapshot/encryption/payload-key.ts';
import { SealedPayload } from '../snapshot/encryption/sealed-payload.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { type ObjectParts, piecesOf, RangedObject } from './ranged-object.ts';

/** Bytes at the beginning that are read at once: more than most headers have. */
const HEAD_SIZE = 4 * 1024;

/** Objects up to so many bytes, such as most deltas, are read at once. */
const SMALL = 64 * 1024;

/** Reads parts of what one encrypted object holds, always of the same object. Each part is proved by the chunks that it lies in. */
export class SealedObject implements ObjectParts {
  readonly snapshot: StoredSnapshot;
  readonly #stored: Stored;
  readonly #payload: SealedPayload;

  private constructor(stored: Stored, payload: SealedPayload) {
    this.snapshot = stored.snapshot;
    this.#stored = stored;
    this.#payload = payload;
  }

  /**
   * Reads and opens its header. Throws a Failure `no_identity`, an {@link EncryptionDamage}, and what the store throws. `fileKey` is that of
   * the store.
   */
  static async open(
    source: { readonly store: SnapStore; readonly snapshot: StoredSnapshot },
    fileKey: NonNullable<SnapStore['fileKey']>,
    context: RunContext,
  ): Promise<SealedObject> {
    const ranged = new RangedObject(source, context);
    const stored = ranged.size <= SMALL ? await heldWhole(ranged) : ranged;
    await using reader = new PieceReader(beginning(stored));
    const { header, after } = await readHeader(reader);
    const key = await fileKey(source.snapshot, header);
    const nonce = Buffer.alloc(NONCE_SIZE);
    const held = after.copy(nonce);
    const read = held < NONCE_SIZE ? await reader.read(nonce, { start: held, end: NONCE_SIZE }) : NONCE_SIZE;
    if (read < NONCE_SIZE) {
      throw new EncryptionDamage('the encrypted data ends too early', { offset: header.length });
    }
    const startsAt = header.length + NONCE_SIZE;
    return new SealedObject(
      stored,
      new SealedPayload({ key: payloadKey(key, nonce), startsAt, objectSize: stored.size }),
    );
  }

  /** Bytes of the contents. */
  get size(): number {
    return this.#payload.size;
  }

  /** Exactly the bytes of the contents from `start` up to `end`. Throws an {@link EncryptionDamage}, and what the store throws. */
  async bytes(start: number, end: number): Promise<Buffer> {
    const place = this.#payload.stored({ start, end });
    return this.#payload.open({ start, end }, await this.#stored.bytes(place.start, place.end));
  }

  async *pieces(start: number, end: number): AsyncGenerator<Buffer, void> {
    yield* piecesOf(this, start, end);
  }
}

/** An object as it is stored. */
type Stored = Pick<ObjectParts, 'snapshot' | 'size' | 'bytes'>;

async function heldWhole(object: RangedObject): Promise<Stored> {
  const { snapshot, size } = object;
  const all = await object.bytes(0, size);
  return { snapshot, size, bytes: (start, end) => Promise.resolve(all.subarray(start, end)) };
}

async function* beginning(stored: Stored): AsyncGenerator<Buffer, void> {
  for (let at = 0; at < stored.size; at += HEAD_SIZE) {
    yield await stored.bytes(at, Math.min(stored.size, at + HEAD_SIZE));
  }
}
