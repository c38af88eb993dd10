import type { FileHandle } from 'node:fs/promises';

/** Bytes read at a time. */
const blockSize = 256 * 1024;

/** The bytes of an open file from its beginning, block by block, each valid until the next is asked for. */
export async function* readBlocks(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const block = Buffer.allocUnsafeSlow(blockSize);
  for (let at = 0; ; ) {
    const { bytesRead } = await handle.read(block, 0, block.length, at);
    if (bytesRead === 0) {
      return;
    }
    at += bytesRead;
    yield block.subarray(0, bytesRead);
  }
}
