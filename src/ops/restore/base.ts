import { open } from 'node:fs/promises';
import type { RunContext } from '../../runtime/run-context.ts';
import { decompress } from '../../snapshot/compression.ts';
import { SnapshotDamage } from '../../snapshot/damage.ts';
import { HASH_SIZE, TrailingHash } from '../../snapshot/trailing-hash.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { fetchWhole } from './fetch.ts';

/** bbolt files are multiples of a page; no page is smaller than a sector. */
const SECTOR_SIZE = 512;

/**
 * Writes the database inside a stored full snapshot to `file` (0600), without the hash that follows it, which is checked.
 * It is not durable yet. Throws SnapshotDamage when the object is not what it must be.
 */
export async function writeBase(
  source: { readonly store: SnapStore; readonly base: StoredSnapshot },
  target: { readonly file: string; readonly skipHashCheck: boolean; readonly onRead: (bytes: number) => void },
  context: RunContext,
): Promise<void> {
  await fetchWhole(source.store, source.base, context, async (body) => {
    const handle = await open(target.file, 'w', 0o600);
    try {
      const trailing = new TrailingHash();
      let writing: Promise<unknown> = Promise.resolve();
      for await (const bytes of decompress(counted(body, target.onRead), source.base.compression)) {
        context.signal.throwIfAborted();
        await writing;
        // The hash goes into the file as well and is cut off in the end: so no piece has to be cut and joined.
        writing = handle.writeFile(bytes);
        // It is awaited with the next bytes; until then a failure must not count as unhandled.
        writing.catch(() => undefined);
        trailing.push(bytes);
      }
      await writing;
      await handle.truncate(databaseSize(trailing, target));
    } finally {
      await handle.close();
    }
  });
}

/** Checks what came; bytes of the database. */
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

async function* counted(
  body: AsyncIterable<Uint8Array>,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  for await (const bytes of body) {
    onRead(bytes.length);
    yield bytes;
  }
}
