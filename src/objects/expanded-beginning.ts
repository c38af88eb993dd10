import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import type { Compression } from '../snapshot/snapshot.ts';

/** Bytes of a file that are enough for its first block, whatever compressed it: zstd's is the largest, and holds 128 KiB at most. */
export const FIRST_BLOCK_BYTES = 144 * 1024;

const decoders = { gzip: createGunzip, zlib: createInflate, zstd: createZstdDecompress };

/**
 * What the first bytes of a compressed file expand to: its beginning, as far as the decoder gives it out at once, and nothing of what
 * follows, which may be of any size. Undefined where nothing comes, as of a damaged file.
 */
export async function expandedBeginning(stored: Uint8Array, compression: Compression): Promise<Uint8Array | undefined> {
  if (compression === 'none' || compression === 'lzw') {
    return undefined;
  }
  const decoder = decoders[compression]();
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
  decoder.once('data', resolve);
  // That the file is cut here is an error to the decoder.
  decoder.once('error', () => resolve(undefined));
  decoder.once('end', () => resolve(undefined));
  decoder.end(stored);
  return await promise.finally(() => decoder.destroy());
}
