import { NativeDeflater } from './native-deflater.ts';
import { storedSizeBound } from './size-bound.ts';
import { type MemberEncoding, StreamDeflater, type ZlibMember } from './stream-deflater.ts';

/** Blocks up to so many bytes, as most deltas are, are not worth the start of a native module. */
const SMALL = 16 * 1024;

/** Encodes gzip members one after the other with one block and one compressor. */
export class GzipMemberEncoder implements Disposable {
  /** The input of the next member, to be filled by the caller. */
  readonly block: Buffer<ArrayBuffer>;
  readonly #streams = new StreamDeflater();
  #native: Promise<NativeDeflater | undefined> | undefined;
  /** Room for any member; none of it is used before there is one. */
  #output: Buffer | undefined;

  constructor(blockSize: number) {
    this.block = Buffer.allocUnsafeSlow(blockSize);
  }

  /** Encodes the first `size` bytes of the block. The block must not be changed until the promise resolves. */
  async member(size: number, encoding: MemberEncoding): Promise<ZlibMember> {
    const block = this.block.subarray(0, size);
    if (size <= SMALL) {
      return await this.#streams.member(block, encoding);
    }
    this.#native ??= NativeDeflater.begin();
    const native = await this.#native;
    this.#output ??= Buffer.allocUnsafeSlow(storedSizeBound(this.block.length, 'gzip'));
    const output = this.#output;
    const { level, flushEach = 0 } = encoding;
    // Where there is no module, and no room, as with noise at a level that does not store it, Node's streams do the same.
    const made = await native?.member(block, output, { level, flushEach });
    return made === undefined
      ? await this.#streams.member(block, encoding)
      : { pieces: [Buffer.from(output.subarray(0, made.size))], flushedAt: made.flushedAt };
  }

  [Symbol.dispose](): void {
    this.#streams[Symbol.dispose]();
    this.#native?.then(
      (native) => native?.[Symbol.dispose](),
      () => undefined,
    );
  }
}
