import type { FileHandle } from 'node:fs/promises';
import { writeAll } from '../../fs/write-all.ts';
import { Damage } from '../damage.ts';
import { decodeMeta, encodeMeta, META_END, type Meta, PAGE_SIZES } from './meta.ts';

/**
 * Writes `meta` to both meta pages, as two transactions in a row would, so that a reader that finds one unreadable does not
 * fall back to an old state. The parity of a transaction number chooses the page, the higher number wins.
 */
export async function writeMetas(handle: FileHandle, meta: Meta): Promise<void> {
  for (const transaction of [meta.transaction, meta.transaction + 1]) {
    const page = Buffer.alloc(meta.pageSize);
    const id = transaction % 2 === 0 ? 0 : 1;
    encodeMeta(new DataView(page.buffer, page.byteOffset, page.length), id, { ...meta, transaction });
    await writeAll(handle, page, id * meta.pageSize);
  }
}

/**
 * The newest valid meta in the first bytes of a database, the one that opening the whole file will choose. Undefined when these
 * bytes do not decide it: they hold no valid meta, or end before the second one.
 */
export function newestMeta(head: Uint8Array): Meta | undefined {
  const first = metaAt(head, 0);
  if (first === undefined) {
    return PAGE_SIZES.map((pageSize) => metaAt(head, pageSize)).find(
      (second, at) => second !== undefined && second.pageSize === PAGE_SIZES[at],
    );
  }
  if (head.length < first.pageSize + META_END) {
    return undefined;
  }
  const second = metaAt(head, first.pageSize);
  return second !== undefined && second.transaction > first.transaction ? second : first;
}

function metaAt(head: Uint8Array, offset: number): Meta | undefined {
  if (offset >= head.length) {
    return undefined;
  }
  const length = Math.min(META_END, head.length - offset);
  try {
    return decodeMeta(new DataView(head.buffer, head.byteOffset + offset, length), { file: '', offset });
  } catch (error) {
    if (error instanceof Damage) {
      return undefined;
    }
    throw error;
  }
}
