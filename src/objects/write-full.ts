import path from 'node:path';
import type { Meta } from '../datadir/bbolt/meta.ts';
import { newestMeta } from '../datadir/bbolt/meta-pages.ts';
import { openFile } from '../fs/open-file.ts';
import { VolumeSpace } from '../fs/volume-space.ts';
import { writeAll } from '../fs/write-all.ts';
import { WriteBehind } from '../fs/write-behind.ts';
import { atomicMarking } from '../runtime/memory/atomic-marking.ts';
import { promptBufferCollection } from '../runtime/memory/prompt-buffer-collection.ts';
import { BackgroundSha256 } from '../runtime/process/background-sha256.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { tap } from '../runtime/streams/tap.ts';
import { decompress } from '../snapshot/compression.ts';
import { SnapshotDamage } from '../snapshot/damage.ts';
import { HASH_SIZE, SECTOR_SIZE } from '../snapshot/hash-size.ts';
import { TrailingHash } from '../snapshot/trailing-hash.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { fetchWhole } from './fetch.ts';
import { quotaExceeded } from './quota-exceeded.ts';

/** Both metas are in the first bytes, unless pages are larger than any system's. */
const HEAD_SIZE = 256 * 1024;

/** Stored bytes from which on hashing in the background is worth its start. */
const WORTH_BACKGROUND = 1024 * 1024;

/** Where the database of a full goes. */
export interface FullTarget {
  readonly file: string;
  readonly skipHashCheck: boolean;
  readonly onRead: (bytes: number) => void;
  /** It will have to be durable, so it is synced while it is written. */
  readonly isKept?: boolean | undefined;
  /** A larger database is refused before it is written, bytes; left out for no limit. */
  readonly quotaBytes?: number | undefined;
  /**
   * Called once, with the newest meta of the database, as soon as it is known. From then on nothing changes after the pages
   * of that meta: others may write there already.
   */
  readonly onBoundary?: ((meta: Meta) => void) | undefined;
}

/**
 * Writes the database inside a stored full snapshot to `file` (0600), without the hash that follows it, which is checked.
 * It is not durable yet. Only the pages that its newest meta counts are written, and of what has no meta only the beginning: what a few
 * stored bytes expand to can be of any size. Throws SnapshotDamage when the object is not what it must be, and a Failure
 * `quota_exceeded`.
 */
export async function writeFull(
  source: { readonly store: SnapStore; readonly full: StoredSnapshot },
  target: FullTarget,
  context: RunContext,
): Promise<void> {
  await (await openFile(target.file, { access: 'write' })).close();
  const boundary = new PageBoundary(target);
  const space = await VolumeSpace.in(path.dirname(target.file));
  const { compression } = source.full;
  // What is not expanded, or by an engine that takes all as it comes, is kept for longer.
  const takesPieces = compression === 'gzip' || compression === 'zstd';
  let storedReused = 0;
  const onReusedPiece = (size: number): void => {
    storedReused += size;
  };
  const consume = async (body: AsyncIterable<Uint8Array>): Promise<void> => {
    // Not created anew: when a fetch is tried again, others may have written after the base already.
    const handle = await openFile(target.file, { access: 'update' });
    try {
      using garbage = new FullGarbage();
      const behind = target.isKept === true ? new WriteBehind(handle) : undefined;
      // This thread has enough to do.
      const hash = source.full.size < WORTH_BACKGROUND ? undefined : await BackgroundSha256.begin();
      const trailing = new TrailingHash(hash);
      let hashed: Promise<void> | undefined;
      let offset = 0;
      let before = 0;
      let unused = 0;
      /** Bytes of the last piece that were in memory that serves again, and is no garbage. */
      let reused = 0;
      let writing: Promise<unknown> = Promise.resolve();
      const stored = tap(body, {
        onBytes: (size) => {
          target.onRead(size);
          const reusedHere = Math.min(size, storedReused);
          storedReused -= reusedHere;
          // Where nothing is expanded it is the piece that is written.
          garbage.left(compression === 'none' ? 0 : size - reusedHere);
        },
      });
      const expanded = decompress(stored, compression, {
        onReusedPiece: (size) => {
          reused += size;
        },
      });
      for await (const bytes of withLongHead(expanded)) {
        context.signal.throwIfAborted();
        trailing.push(bytes);
        if (offset === 0) {
          boundary.find(bytes);
          space.expect(boundary.end);
        }
        await hashed;
        hashed = hash?.hashed();
        // It is awaited with the next bytes; until then a failure must not count as unhandled.
        hashed?.catch(() => undefined);
        await writing;
        behind?.wrote(before, { left: boundary.end - offset });
        garbage.left(unused);
        unused = Math.max(0, bytes.length - reused);
        reused = 0;
        before = bytes.length;
        // The hash goes into the file as well and is cut off in the end: so no piece has to be cut and joined.
        const pages = bytes.subarray(0, Math.max(0, boundary.end - offset));
        writing = space.writing(() => writeAll(handle, pages));
        // It is awaited with the next bytes; until then a failure must not count as unhandled.
        writing.catch(() => undefined);
        offset += bytes.length;
      }
      await writing;
      await space.writing(async () => await behind?.end());
      const size = databaseSize(trailing, { ...target, computed: await hash?.digest() });
      if (target.onBoundary === undefined) {
        await handle.truncate(size);
      } else {
        boundary.checkSize(size);
      }
    } finally {
      await handle.close();
    }
  };
  await fetchWhole(source.store, source.full, context, consume, takesPieces ? { onReusedPiece } : {});
}

/** The buffers that a full leaves: nothing is done about garbage until there is some. */
class FullGarbage implements Disposable {
  readonly #scopes = new DisposableStack();
  readonly #buffers = this.#scopes.use(promptBufferCollection());
  #isMarking = false;

  /** Says that buffers of so many bytes are not used any more. */
  left(bytes: number): void {
    if (bytes > 0 && !this.#isMarking) {
      this.#isMarking = true;
      this.#scopes.use(atomicMarking());
    }
    this.#buffers.discarded(bytes);
  }

  [Symbol.dispose](): void {
    this.#scopes[Symbol.dispose]();
  }
}

/** Where the pages of the base end in the file. */
class PageBoundary {
  readonly #target: FullTarget;
  #meta: Meta | undefined;

  constructor(target: FullTarget) {
    this.#target = target;
  }

  /** In bytes. Where no meta is found, enough for a reader of the file to find that out. */
  get end(): number {
    return this.#meta === undefined ? HEAD_SIZE : this.#meta.highWater * this.#meta.pageSize;
  }

  /** Looks for the meta in the first bytes; when others write after its pages already, it has to be the same each time. */
  find(head: Uint8Array): void {
    const { onBoundary, quotaBytes } = this.#target;
    const meta = newestMeta(head);
    if (onBoundary !== undefined && this.#meta !== undefined && meta?.transaction !== this.#meta.transaction) {
      throw new SnapshotDamage('its database is another one than when it was read for the first time');
    }
    const isNew = this.#meta === undefined;
    this.#meta = meta;
    if (quotaBytes !== undefined && meta !== undefined && this.end > quotaBytes) {
      throw quotaExceeded({ size: this.end, quotaBytes });
    }
    if (isNew && meta !== undefined) {
      onBoundary?.(meta);
    }
  }

  checkSize(size: number): void {
    if (this.#meta !== undefined && size < this.end) {
      throw new SnapshotDamage(`a database of ${size} bytes, whose pages end at ${this.end}`);
    }
  }
}

/** The same bytes, the first piece of them long enough to hold the metas. */
async function* withLongHead(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const head: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of source) {
    if (size >= HEAD_SIZE || (size === 0 && bytes.length >= HEAD_SIZE)) {
      size = HEAD_SIZE;
      yield bytes;
      continue;
    }
    // A copy, as the memory of pieces serves again.
    head.push(Uint8Array.from(bytes));
    size += bytes.length;
    if (size >= HEAD_SIZE) {
      yield Buffer.concat(head);
    }
  }
  if (size < HEAD_SIZE) {
    yield Buffer.concat(head);
  }
}

/** Checks what was read; returns the bytes of the database. */
function databaseSize(
  trailing: TrailingHash,
  options: { readonly skipHashCheck: boolean; readonly computed: Buffer | undefined },
): number {
  if (!options.skipHashCheck) {
    trailing.verify(options.computed);
  }
  const size = trailing.length - (options.skipHashCheck && !trailing.present ? 0 : HASH_SIZE);
  if (size <= 0 || size % SECTOR_SIZE !== 0) {
    throw new SnapshotDamage(`a database of ${size} bytes, which is no multiple of ${SECTOR_SIZE}`);
  }
  return size;
}
