import type { RunContext } from '../runtime/run-context.ts';
import { ContentTag } from '../snapstore/content-tag.ts';
import { retryTransient, transferRetries } from '../snapstore/retry-transient.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { StoreError } from '../snapstore/store-error.ts';
import { transferReport } from '../snapstore/transfer-report.ts';

/** Bytes that are read at once of a long part. */
const PIECE_SIZE = 4 * 1024 * 1024;

/** Parts of what one object holds, always of the same object. */
export interface ObjectParts {
  readonly snapshot: StoredSnapshot;
  /** Bytes of all of it. */
  readonly size: number;
  /** Exactly the bytes from `start` up to `end`. Throws a {@link StoreError}, and where the object is encrypted an EncryptionDamage. */
  bytes(start: number, end: number): Promise<Buffer>;
  /** The bytes from `start` up to `end` in pieces of a few MiB. */
  pieces(start: number, end: number): AsyncGenerator<Buffer, void>;
}

/** Reads parts of one object as it is stored, always of the same one: as soon as another has its name, reads fail. */
export class RangedObject implements ObjectParts {
  readonly snapshot: StoredSnapshot;
  readonly #store: SnapStore;
  readonly #context: RunContext;
  readonly #tag = new ContentTag();

  constructor(source: { readonly store: SnapStore; readonly snapshot: StoredSnapshot }, context: RunContext) {
    this.#store = source.store;
    this.snapshot = source.snapshot;
    this.#context = context;
  }

  /** Bytes of the object. */
  get size(): number {
    return this.snapshot.size;
  }

  /** Exactly the bytes from `start` up to `end`. Throws a {@link StoreError}. */
  async bytes(start: number, end: number): Promise<Buffer> {
    const { clock, signal, log } = this.#context;
    const range = { start, end };
    const attempt = async (): Promise<Buffer> => {
      const target = Buffer.allocUnsafeSlow(end - start);
      let filled = 0;
      for await (const piece of await this.#store.fetch(this.snapshot, { signal, range, tag: this.#tag })) {
        const bytes = piece as Uint8Array;
        if (filled + bytes.length > target.length) {
          throw this.#wrong(`more than ${target.length} bytes came`);
        }
        target.set(bytes, filled);
        filled += bytes.length;
      }
      if (filled < target.length) {
        throw this.#wrong(`${filled} of ${target.length} bytes came`);
      }
      return target;
    };
    return await retryTransient(attempt, {
      clock,
      signal,
      policy: transferRetries,
      onRetry: transferReport({ log, name: this.snapshot.name }, 'Fetching'),
    });
  }

  /** The bytes from `start` up to `end` in pieces of a few MiB. */
  async *pieces(start: number, end: number): AsyncGenerator<Buffer, void> {
    yield* piecesOf(this, start, end);
  }

  #wrong(found: string): StoreError {
    return new StoreError('invalid', { action: 'read a part of', object: this.snapshot.key, found });
  }
}

/** What {@link ObjectParts.pieces} gives. */
export async function* piecesOf(
  object: Pick<ObjectParts, 'bytes'>,
  start: number,
  end: number,
): AsyncGenerator<Buffer, void> {
  for (let at = start; at < end; at += PIECE_SIZE) {
    yield await object.bytes(at, Math.min(end, at + PIECE_SIZE));
  }
}
