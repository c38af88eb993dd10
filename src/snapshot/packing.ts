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

/** What is done besides with the contents of an object. */
export interface PackOptions extends Pick<CompressOptions, 'onMember'> {
  /** Gives what follows the compressed contents, such as an index; asked when these have ended. It is encrypted with them. */
  readonly after?: (() => Promise<readonly Uint8Array[]>) | undefined;
}

/**
 * Makes the bytes to be stored of the contents of an object. A piece of `contents` may be overwritten once the next one is asked for.
 * Errors of the contents pass unchanged.
 */
export function pack(
  contents: AsyncIterable<Uint8Array>,
  { compression, compressionLevel, recipients }: Packing,
  { onMember, after }: PackOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const members = compress(contents, compression, { level: compressionLevel, onMember });
  const compressed = after === undefined ? members : followedBy(members, after);
  return recipients === undefined ? compressed : encrypt(compressed, recipients);
}

/** What the name of an object says of its packing. */
export function packingInName({ compression, recipients }: Packing): Pick<NameParts, 'compression' | 'encryption'> {
  return { compression, ...(recipients === undefined ? {} : { encryption: 'age' }) };
}

/** The most bytes that contents of `size` bytes, and `after` bytes that follow them compressed, can become when they are packed. */
export function packedSizeBound(
  size: number,
  { compression, recipients }: Packing,
  { after = 0 }: { readonly after?: number } = {},
): number {
  const compressed = storedSizeBound(size, compression) + after;
  return recipients === undefined ? compressed : encryptedSizeBound(compressed, recipients);
}

async function* followedBy(
  members: AsyncIterable<Uint8Array>,
  after: () => Promise<readonly Uint8Array[]>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* members;
  yield* await after();
}
