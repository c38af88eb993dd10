/**
 * Joins the pieces of `source` to blocks of `size` bytes; the last one may be shorter. Three buffers take turns: a block
 * holds until the third one after it is asked for. Pieces from the network become garbage at once, which costs far less
 * memory than keeping them for a while.
 */
export async function* rechunk(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let block = Buffer.allocUnsafeSlow(size);
  let next = Buffer.allocUnsafeSlow(size);
  let last = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  for await (const bytes of source) {
    for (let taken = 0; taken < bytes.length; ) {
      const part = bytes.subarray(taken, taken + size - filled);
      block.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled === size) {
        yield block;
        [block, next, last] = [next, last, block];
        filled = 0;
      }
    }
  }
  if (filled > 0) {
    yield block.subarray(0, filled);
  }
}
