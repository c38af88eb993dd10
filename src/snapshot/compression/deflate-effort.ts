import { promisify } from 'node:util';
import { gzip, type ZlibOptions } from 'node:zlib';

const gzipPiece = promisify(gzip) as (bytes: Uint8Array, options: ZlibOptions) => Promise<Buffer>;

/** zlib's levels that are worth their time, fastest first: below 3 nothing is won, between 5 and 6 hardly anything. */
const levels = [3, 4, 5] as const;

/** What the smallest result is measured against: the level of `gzip` when nothing else is asked for. */
const usualLevel = 6;

/** The most that a faster level's result may be larger than the usual level's. */
const mostLost = 0.03;

/** Where less than this share is won, bytes are stored as they are: compressed data, ciphertext. */
const leastWon = 0.02;

/** Bytes that are tried. */
const sampleSize = 64 * 1024;

/** How hard to try: one of zlib's levels, 0 to store what cannot be compressed. */
export type DeflateLevel = 0 | 3 | 4 | 5 | 6;

/**
 * Chooses the level for bytes that are like those in the middle of `block`: the fastest that comes within 3 % of the size
 * of level 6. Between levels lies a factor of two in time, and for what etcd holds often nothing in size.
 */
export async function chooseDeflateLevel(block: Uint8Array): Promise<DeflateLevel> {
  const start = Math.max(0, Math.floor((block.length - sampleSize) / 2));
  const sample = block.subarray(start, start + sampleSize);
  const sizeAt = async (level: DeflateLevel): Promise<number> =>
    (await gzipPiece(sample, { level, memLevel: 9, chunkSize: sampleSize })).length;
  const smallest = await sizeAt(usualLevel);
  if (smallest > sample.length * (1 - leastWon)) {
    return 0;
  }
  for (const level of levels) {
    if ((await sizeAt(level)) <= smallest * (1 + mostLost)) {
      return level;
    }
  }
  return usualLevel;
}
