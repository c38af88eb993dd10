import { dataOfEmptyMember, EMPTY_MEMBER_SIZE, emptyMember, memberLength } from '../compression/member-header.ts';
import {
  dataOfSkippableFrame,
  EMPTY_FRAME_SIZE,
  skippableFrame,
  skippableFrameLength,
} from '../compression/skippable-frame.ts';
import type { Compression } from '../snapshot.ts';

/**
 * How the parts of an index are wrapped, so that readers of the compression pass over them: empty members of gzip, skippable frames
 * of zstd. See docs/formats.md.
 */
export interface IndexFraming {
  /** Bytes of a part without its data. */
  readonly overhead: number;
  /** The first bytes of every part. */
  readonly start: Buffer;
  /** Makes a part; `id` is two ASCII letters. */
  wrap(part: { readonly id: string; readonly data: Uint8Array }): Buffer;
  /** The data of a part, a view; undefined when a byte of it other than the data is not as {@link wrap} writes it. */
  unwrap(part: Buffer, id: string): Uint8Array | undefined;
  /** The length of the part that begins with at least {@link overhead} bytes; undefined when none does. */
  lengthOf(bytes: Buffer): number | undefined;
}

const gzip: IndexFraming = {
  overhead: EMPTY_MEMBER_SIZE,
  start: Buffer.of(0x1f, 0x8b, 8, 4),
  wrap: emptyMember,
  unwrap: dataOfEmptyMember,
  lengthOf: memberLength,
};

const zstd: IndexFraming = {
  overhead: EMPTY_FRAME_SIZE,
  start: skippableFrame({ id: '', data: new Uint8Array(0) }).subarray(0, 4),
  wrap: skippableFrame,
  unwrap: dataOfSkippableFrame,
  lengthOf: skippableFrameLength,
};

/**
 * The framing of the index of an object; undefined where it has none. An index shows keys, though not in words: where the object is
 * encrypted, so is its index.
 */
export function indexFraming({ compression }: { readonly compression: Compression }): IndexFraming | undefined {
  switch (compression) {
    case 'gzip':
      return gzip;
    case 'zstd':
      return zstd;
    case 'none':
    case 'zlib':
    case 'lzw':
      return undefined;
    default:
      return compression satisfies never;
  }
}
