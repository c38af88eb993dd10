import { storedSizeBound } from './compression/size-bound.ts';
import { type CompressOptions, compress } from './compression.ts';
import { encrypt, encryptedSizeBound } from './encryption/encrypt.ts';
import type { Recipients } from './encryption/recipients.ts';
import type { NameParts } from './name.ts';
import type { Compression } from './snapshot.ts';

/** How new objects are packed. */
export interface Packing {
  readonly compression: Compression;
  /** A level of its own scale; left out, it is chosen by the contents where there is a choice. */
  readonly compressionLevel?: number | undefined;
  /** Who can read them; left out, they are not encrypted. */
  readonly recipients?: Recipients | undefined;
}

/**
 * Makes the bytes to be stored of the contents of an object. A piece of `contents` may be overwritten once the next one is asked for.
 * Errors of the contents pass unchanged.
 */
export function pack(
  contents: AsyncIterable<Uint8Array>,
  { compression, compressionLevel, recipients }: Packing,
  options: Pick<CompressOptions, 'onMember'> = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const compressed = compress(contents, compression, { level: compressionLevel, ...options });
  return recipients === undefined ? compressed : encrypt(compressed, recipients);
}

/** What the name of an object says of its packing. */
export function packingInName({ compression, recipients }: Packing): Pick<NameParts, 'compression' | 'encryption'> {
  return { compression, ...(recipients === undefined ? {} : { encryption: 'age' }) };
}

/** The most bytes that contents of `size` bytes can become when they are packed. */
export function packedSizeBound(size: number, { compression, recipients }: Packing): number {
  const compressed = storedSizeBound(size, compression);
  return recipients === undefined ? compressed : encryptedSizeBound(compressed, recipients);
}
