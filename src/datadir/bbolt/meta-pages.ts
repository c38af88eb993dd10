import type { FileHandle } from 'node:fs/promises';
import { encodeMeta, type Meta } from './meta.ts';

/**
 * Writes `meta` to both slots, so that no reader falls back to an old state when a slot is unreadable. Each stands where
 * its transaction number's parity puts it, and the higher number wins, as after two transactions in a row.
 */
export async function writeMetas(handle: FileHandle, meta: Meta): Promise<void> {
  for (const transaction of [meta.transaction, meta.transaction + 1]) {
    const page = Buffer.alloc(meta.pageSize);
    const id = transaction % 2 === 0 ? 0 : 1;
    encodeMeta(new DataView(page.buffer, page.byteOffset, page.length), id, { ...meta, transaction });
    await handle.write(page, 0, page.length, id * meta.pageSize);
  }
}
