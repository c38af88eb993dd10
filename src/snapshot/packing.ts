import { type CompressOptions, compress } from './compression.ts';
import type { Compression } from './snapshot.ts';

/** How new objects are packed. */
export interface Packing {
  readonly compression: Compression;
  /** A level of its own scale; left out, it is chosen by the contents where there is a choice. */
  readonly compressionLevel?: number | undefined;
}

/**
 * Makes the bytes to be stored of the contents of an object. A piece of `contents` may be overwritten once the next one is asked for.
 * Errors of the contents pass unchanged.
 */
export function pack(
  contents: AsyncIterable<Uint8Array>,
  { compression, compressionLevel }: Packing,
  options: Pick<CompressOptions, 'onMember'> = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  return compress(contents, compression, { level: compressionLevel, ...options });
}
