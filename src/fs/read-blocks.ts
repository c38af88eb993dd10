import type { FileHandle } from 'node:fs/promises';

/** Bytes read at a time. */
const blockSize = 256 * 1024;

/** The bytes of an open file, or of a part of it, block by block, each valid until the next is asked for. */
export async function* readBlocks(
  handle: FileHandle,
  { start = 0, end = Number.POSITIVE_INFINITY }: { readonly start?: number; readonly end?: number } = {},
): AsyncGenerator<Uint8Array> {
  const block = Buffer.allocUnsafeSlow(blockSize);
  for (let at = start; at < end; ) {
    const { bytesRead } = await handle.read(block, 0, Math.min(block.length, end - at), at);
    if (bytesRead === 0) {
      return;
    }
    at += bytesRead;
    yield block.subarray(0, bytesRead);
  }
}
