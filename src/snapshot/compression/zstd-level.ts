import { promisify } from 'node:util';
import { constants, type ZstdOptions, zstdCompress } from 'node:zlib';

/** Node's types leave out the size, which puts it into the frame and keeps memory small. */
type FrameOptions = ZstdOptions & { readonly pledgedSrcSize: number };

const packed = promisify(zstdCompress) as (bytes: Uint8Array, options: FrameOptions) => Promise<Buffer>;

/** The levels that are tried: above 3, time grows faster than size shrinks; 2 is seldom worth its time. */
const [fast, usual] = [1, 3] as const;

/** The most by which the result of the faster level may be larger, as a share. */
const mostLarger = 0.01;

/** Bytes that are compressed as a sample. */
const sampleSize = 128 * 1024;

/** Compresses a block as one frame that states its size and ends with a checksum, on a thread of libuv. */
async function zstdFrame(block: Uint8Array, level: number): Promise<Uint8Array> {
  return await packed(block, {
    // Half of a block of 512 KiB: more than most frames need.
    chunkSize: 256 * 1024,
    pledgedSrcSize: block.length,
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}

/**
 * Chooses the level for a block and the ones after it by a sample from its middle: the fast one unless the usual one makes it
 * smaller by more than 1 %.
 */
export async function chooseZstdLevel(block: Uint8Array): Promise<number> {
  const start = Math.max(0, Math.floor((block.length - sampleSize) / 2));
  const sample = block.subarray(start, start + sampleSize);
  const fastSize = (await zstdFrame(sample, fast)).length;
  return fastSize <= (await zstdFrame(sample, usual)).length * (1 + mostLarger) ? fast : usual;
}
