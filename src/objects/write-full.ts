import type { Meta } from '../datadir/bbolt/meta.ts';
import { newestMeta } from '../datadir/bbolt/meta-pages.ts';
import { openFile } from '../fs/open-file.ts';
import type { RunContext } from '../runtime/run-context.ts';
import { tap } from '../runtime/streams/tap.ts';
import { decompress } from '../snapshot/compression.ts';
import { SnapshotDamage } from '../snapshot/damage.ts';
import { HASH_SIZE, SECTOR_SIZE, TrailingHash } from '../snapshot/trailing-hash.ts';
import type { SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { fetchWhole } from './fetch.ts';

/** Both metas are in the first bytes, unless pages are larger than any system's. */
const HEAD_SIZE = 256 * 1024;

/** Where the database of a full goes. */
export interface FullTarget {
  readonly file: string;
  readonly skipHashCheck: boolean;
  readonly onRead: (bytes: number) => void;
  /**
   * Called once, with the newest meta of the database, as soon as it is known. From then on nothing is written after the pages
   * of that meta: others may write there already.
   */
  readonly onBoundary?: ((meta: Meta) => void) | undefined;
}

/**
 * Writes the database inside a stored full snapshot to `file` (0600), without the hash that follows it, which is checked.
 * It is not durable yet. Throws SnapshotDamage when the object is not what it must be.
 */
export async function writeFull(
  source: { readonly store: SnapStore; readonly full: StoredSnapshot },
  target: FullTarget,
  context: RunContext,
): Promise<void> {
  await (await openFile(target.file, { access: 'write' })).close();
  const boundary = new PageBoundary(target);
  await fetchWhole(source.store, source.full, context, async (body) => {
    // Not created anew: when a fetch is tried again, others may have written after the base already.
    const handle = await openFile(target.file, { access: 'update' });
    try {
      const trailing = new TrailingHash();
      let offset = 0;
      let writing: Promise<unknown> = Promise.resolve();
      const expanded = decompress(tap(body, { onBytes: target.onRead }), source.full.compression);
      for await (const bytes of withLongHead(expanded)) {
        context.signal.throwIfAborted();
        trailing.push(bytes);
        if (offset === 0) {
          boundary.find(bytes);
        }
        await writing;
        // The hash goes into the file as well and is cut off in the end: so no piece has to be cut and joined.
        writing = handle.writeFile(bytes.subarray(0, Math.max(0, boundary.end - offset)));
        // It is awaited with the next bytes; until then a failure must not count as unhandled.
        writing.catch(() => undefined);
        offset += bytes.length;
      }
      await writing;
      const size = databaseSize(trailing, target);
      if (boundary.isFound) {
        boundary.checkSize(size);
      } else {
        await handle.truncate(size);
      }
    } finally {
      await handle.close();
    }
  });
}

/** Where the pages of the base end in the file. */
class PageBoundary {
  readonly #target: FullTarget;
  #meta: Meta | undefined;

  constructor(target: FullTarget) {
    this.#target = target;
  }

  get isFound(): boolean {
    return this.#meta !== undefined;
  }

  /** In bytes; larger than any file while it is not known. */
  get end(): number {
    return this.#meta === undefined ? Number.MAX_SAFE_INTEGER : this.#meta.highWater * this.#meta.pageSize;
  }

  /** Looks for the meta in the first bytes; when it is not the first time, it has to be the same. */
  find(head: Uint8Array): void {
    const { onBoundary } = this.#target;
    if (onBoundary === undefined) {
      return;
    }
    const meta = newestMeta(head);
    if (this.#meta === undefined && meta !== undefined) {
      this.#meta = meta;
      onBoundary(meta);
    } else if (this.#meta !== undefined && meta?.transaction !== this.#meta.transaction) {
      throw new SnapshotDamage('its database is another one than when it was read for the first time');
    }
  }

  checkSize(size: number): void {
    if (size < this.end) {
      throw new SnapshotDamage(`a database of ${size} bytes, whose pages end at ${this.end}`);
    }
  }
}

/** The same bytes, the first piece of them long enough to hold the metas. */
async function* withLongHead(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const head: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of source) {
    if (size >= HEAD_SIZE) {
      yield bytes;
      continue;
    }
    head.push(bytes);
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
function databaseSize(trailing: TrailingHash, options: { readonly skipHashCheck: boolean }): number {
  if (!options.skipHashCheck) {
    trailing.verify();
  }
  const size = trailing.length - (options.skipHashCheck && !trailing.present ? 0 : HASH_SIZE);
  if (size <= 0 || size % SECTOR_SIZE !== 0) {
    throw new SnapshotDamage(`a database of ${size} bytes, which is no multiple of ${SECTOR_SIZE}`);
  }
  return size;
}
