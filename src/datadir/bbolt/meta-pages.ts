import type { FileHandle } from 'node:fs/promises';
import { Damage } from '../damage.ts';
import { decodeMeta, encodeMeta, META_END, type Meta } from './meta.ts';

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

/**
 * The newest valid meta in the first bytes of a database, the one that opening the whole file will choose. Undefined when
 * that cannot be told from them: the first page is no valid meta, or the second one lies behind them.
 */
export function newestMeta(head: Uint8Array): Meta | undefined {
  const first = metaAt(head, 0);
  if (first === undefined || head.length < first.pageSize + META_END) {
    return undefined;
  }
  const second = metaAt(head, first.pageSize);
  return second !== undefined && second.transaction > first.transaction ? second : first;
}

function metaAt(head: Uint8Array, offset: number): Meta | undefined {
  const length = Math.max(0, Math.min(META_END, head.length - offset));
  try {
    return decodeMeta(new DataView(head.buffer, head.byteOffset + offset, length), { file: '', offset });
  } catch (error) {
    if (error instanceof Damage) {
      return undefined;
    }
    throw error;
  }
}
