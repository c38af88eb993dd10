import { promisify } from 'node:util';
import { gzip, type ZlibOptions } from 'node:zlib';

const gzipPiece = promisify(gzip) as (bytes: Uint8Array, options: ZlibOptions) => Promise<Buffer>;

/** zlib's levels that are tried, fastest first: levels below 3 are hardly faster, and 6 hardly compresses better than 5. */
const levels = [3, 4, 5] as const;

/** The level that results are compared with: the default of `gzip`. */
const defaultLevel = 6;

/** The most by which the result of a faster level may be larger, as a share. */
const mostLarger = 0.03;

/** Bytes that shrink by less than this share are stored as they are: compressed data, ciphertext. */
const leastSaved = 0.02;

/** Bytes that are compressed as a sample. */
const sampleSize = 64 * 1024;

/** One of zlib's levels; 0 stores bytes as they are. */
export type DeflateLevel = 0 | 3 | 4 | 5 | 6;

/**
 * Chooses the level for a block and the ones after it by a sample from its middle: the fastest level whose result is at most 3 %
 * larger than that of level 6. Level 6 takes twice the time of level 3, and for the contents of an etcd saves often nothing.
 */
export async function chooseDeflateLevel(block: Uint8Array): Promise<DeflateLevel> {
  const start = Math.max(0, Math.floor((block.length - sampleSize) / 2));
  const sample = block.subarray(start, start + sampleSize);
  const sizeAt = async (level: DeflateLevel): Promise<number> =>
    (await gzipPiece(sample, { level, memLevel: 9, chunkSize: sampleSize })).length;
  const smallest = await sizeAt(defaultLevel);
  if (smallest > sample.length * (1 - leastSaved)) {
    return 0;
  }
  for (const level of levels) {
    if ((await sizeAt(level)) <= smallest * (1 + mostLarger)) {
      return level;
    }
  }
  return defaultLevel;
}
