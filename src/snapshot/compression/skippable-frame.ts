import { SKIPPABLE_HEADER } from './zstd-frame.ts';

/** The first four bytes of our frames: of the sixteen that RFC 8878, 3.1.2, leaves to users, one that pzstd and others do not take. */
const MAGIC = 0x184d2a5e;

/** Bytes of a subfield's name. */
const ID_SIZE = 2;

/** Bytes of a frame without data. */
export const EMPTY_FRAME_SIZE = SKIPPABLE_HEADER + ID_SIZE;

/** A frame that every reader of zstd skips, with a name of two ASCII letters and data. See docs/formats.md. */
export function skippableFrame({ id, data }: { readonly id: string; readonly data: Uint8Array }): Buffer {
  const frame = Buffer.alloc(EMPTY_FRAME_SIZE + data.length);
  frame.writeUInt32LE(MAGIC, 0);
  frame.writeUInt32LE(ID_SIZE + data.length, 4);
  frame.write(id, SKIPPABLE_HEADER, 'latin1');
  frame.set(data, EMPTY_FRAME_SIZE);
  return frame;
}

/** The data of a frame that {@link skippableFrame} made, a view; undefined when it is none of that name. */
export function dataOfSkippableFrame(frame: Buffer, id: string): Uint8Array | undefined {
  return skippableFrameLength(frame) === frame.length &&
    frame.toString('latin1', SKIPPABLE_HEADER, EMPTY_FRAME_SIZE) === id
    ? frame.subarray(EMPTY_FRAME_SIZE)
    : undefined;
}

/** The length of our frame that begins with these bytes; undefined when none does. */
export function skippableFrameLength(bytes: Buffer): number | undefined {
  if (bytes.length < EMPTY_FRAME_SIZE || bytes.readUInt32LE(0) !== MAGIC) {
    return undefined;
  }
  const size = bytes.readUInt32LE(4);
  return size < ID_SIZE ? undefined : SKIPPABLE_HEADER + size;
}
