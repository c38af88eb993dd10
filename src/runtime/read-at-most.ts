import { createReadStream } from 'node:fs';

/**
 * Reads a file, or a pipe in its place, as of a shell's <(command): `most` bytes at most. A device that never ends would fill the memory.
 * Throws a RangeError when it is longer, else what the file system throws.
 */
export async function readAtMost(path: string, most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of createReadStream(path, { end: most })) {
    pieces.push(piece as Buffer);
    size += (piece as Buffer).length;
  }
  if (size > most) {
    throw new RangeError(`it is longer than ${most} bytes`);
  }
  return Buffer.concat(pieces);
}
