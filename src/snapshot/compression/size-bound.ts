import type { Compression } from '../snapshot.ts';

/**
 * The most bytes that `size` bytes can become when compressed: deflate stores what it cannot shrink in blocks with
 * 5 bytes of overhead each and has headers for each member, and so does zstd with less; lzw spends up to 12 bits on a byte.
 */
export function storedSizeBound(size: number, compression: Compression): number {
  switch (compression) {
    case 'none':
      return size;
    case 'gzip':
    case 'zlib':
    case 'zstd':
      return Math.ceil(size * 1.001) + 4096;
    case 'lzw':
      return Math.ceil(size * 1.6) + 4096;
    default:
      return compression satisfies never;
  }
}
