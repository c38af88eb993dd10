/** The first four bytes of a frame (RFC 8878, 3.1.1). */
const FRAME_MAGIC = 0xfd2fb528;

/** The first four bytes of a frame that every reader skips (RFC 8878, 3.1.2), the last four bits aside. */
const SKIPPABLE_MAGIC = 0x184d2a50;

/** Bytes of the magic number and the descriptor, which says how long the header is; also those of a header of a skippable frame, less 3. */
export const DESCRIPTOR_END = 5;

/** Bytes of the longest header of a frame. */
export const LONGEST_FRAME_HEADER = 18;

/** Bytes of the header of a skippable frame: a magic number and a size. */
export const SKIPPABLE_HEADER = 8;

/** Bytes of the header of a block. */
export const BLOCK_HEADER = 3;

/** Bytes of the checksum that ends a frame whose header says so. */
export const CHECKSUM = 4;

/** No block has more bytes after its header, whatever the window. */
export const LARGEST_BLOCK = 128 * 1024;

/** What the first {@link DESCRIPTOR_END} bytes of something begin. */
export type FrameStart =
  /** `size` is that of the whole header. */
  { readonly kind: 'frame'; readonly size: number } | { readonly kind: 'skippable' } | { readonly kind: 'other' };

/** What the header of a frame says; nothing proves that it is true. */
export interface FrameHeader {
  /** Bytes that the frame expands to; undefined where it does not say so. */
  readonly contentSize: number | undefined;
  /** How far back its data refer, bytes: so much has to be kept in memory. */
  readonly windowSize: number;
  readonly hasChecksum: boolean;
  /** It was made with a dictionary, and cannot be expanded without it. */
  readonly needsDictionary: boolean;
}

/** What the header of a block says. */
export interface BlockHeader {
  readonly isLast: boolean;
  /** Bytes after the header. */
  readonly size: number;
}

/** Says what begins with `first`; fewer than {@link DESCRIPTOR_END} bytes are nothing. */
export function frameStart(first: Buffer): FrameStart {
  if (first.length < DESCRIPTOR_END) {
    return { kind: 'other' };
  }
  const magic = first.readUInt32LE(0);
  if (magic === FRAME_MAGIC) {
    return { kind: 'frame', size: headerSize(first.readUInt8(4)) };
  }
  return { kind: (magic & 0xfffffff0) === SKIPPABLE_MAGIC ? 'skippable' : 'other' };
}

/** Reads a whole header. */
export function frameHeader(header: Buffer): FrameHeader {
  const descriptor = header.readUInt8(4);
  const window = isSingleSegment(descriptor) ? 0 : 1;
  const dictionary = dictionarySize(descriptor);
  const contentBytes = contentSizeBytes(descriptor);
  const contentAt = DESCRIPTOR_END + window + dictionary;
  const contentSize = contentBytes === 0 ? undefined : contentSizeOf(header, { at: contentAt, bytes: contentBytes });
  return {
    contentSize,
    windowSize: window === 1 ? windowSizeOf(header.readUInt8(DESCRIPTOR_END)) : (contentSize ?? 0),
    hasChecksum: (descriptor & 0b100) !== 0,
    needsDictionary: dictionary > 0 && header.readUIntLE(DESCRIPTOR_END + window, dictionary) !== 0,
  };
}

/** Reads the header of a block; undefined when there can be none such. */
export function blockHeader(bytes: Buffer): BlockHeader | undefined {
  const value = bytes.readUIntLE(0, BLOCK_HEADER);
  const type = (value >> 1) & 0b11;
  const size = value >> 3;
  if (type === 3 || size > LARGEST_BLOCK) {
    return undefined;
  }
  // A block of the second type is one byte, repeated.
  return { isLast: (value & 1) === 1, size: type === 1 ? 1 : size };
}

function isSingleSegment(descriptor: number): boolean {
  return (descriptor & 0b100000) !== 0;
}

function dictionarySize(descriptor: number): number {
  return [0, 1, 2, 4][descriptor & 0b11] ?? 0;
}

function contentSizeBytes(descriptor: number): number {
  return [isSingleSegment(descriptor) ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
}

function headerSize(descriptor: number): number {
  const window = isSingleSegment(descriptor) ? 0 : 1;
  return DESCRIPTOR_END + window + dictionarySize(descriptor) + contentSizeBytes(descriptor);
}

function contentSizeOf(header: Buffer, { at, bytes }: { readonly at: number; readonly bytes: number }): number {
  // Two bytes count from 256 on. A size that a number cannot hold exactly is too large anyway.
  return bytes === 8 ? Number(header.readBigUInt64LE(at)) : header.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}

function windowSizeOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 0b111);
}
