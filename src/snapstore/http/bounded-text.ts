import type { Readable } from 'node:stream';

/** The text of a body. What comes after `most` bytes is not waited for and left out. */
export async function boundedText(body: Readable, most: number): Promise<string> {
  return (await boundedBytes(body, most)).toString('utf8');
}

/** The bytes of a body. What comes after `most` of them is not waited for and left out. */
export async function boundedBytes(body: Readable, most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    pieces.push(piece);
    size += piece.length;
    if (size >= most) {
      break;
    }
  }
  return Buffer.concat(pieces).subarray(0, most);
}
