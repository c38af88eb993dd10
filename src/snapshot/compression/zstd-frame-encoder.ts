import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';

/** Bytes of zstd's output buffer: a frame of 512 KiB fits even where it does not shrink, so that zstd compresses straight into it. */
const chunkSize = 528 * 1024;

/**
 * Encodes zstd frames one after the other with one block and, as long as the level stays, one compressor, whose memory serves again. A
 * new compressor for each frame would leave some MiB outside of the heap until the next garbage collection.
 */
export class ZstdFrameEncoder implements Disposable {
  /** The input of the next frame, to be filled by the caller. */
  readonly block: Buffer<ArrayBuffer>;
  #level: number | undefined;
  #zstd: ZstdCompress | undefined;
  #pieces: Uint8Array[] = [];
  #fail: (error: Error) => void = () => undefined;

  constructor(blockSize: number) {
    this.block = Buffer.allocUnsafeSlow(blockSize);
  }

  /**
   * Encodes the first `size` bytes of the block as a frame that states its size and ends with a checksum, in pieces, on a thread of libuv.
   * The block must not be changed until the promise resolves.
   */
  async frame(size: number, level: number): Promise<readonly Uint8Array[]> {
    const zstd = this.#compressor(level);
    this.#pieces = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#fail = reject;
    zstd.write(this.block.subarray(0, size), () => resolve());
    await promise;
    return this.#pieces;
  }

  [Symbol.dispose](): void {
    this.#zstd?.destroy();
    this.#zstd = undefined;
  }

  #compressor(level: number): ZstdCompress {
    if (this.#zstd !== undefined && this.#level === level) {
      return this.#zstd;
    }
    this.#zstd?.destroy();
    // Each write is a frame. As its end comes with its contents, zstd knows their size, writes it and takes no more memory than they need.
    const zstd = createZstdCompress({
      chunkSize,
      flush: constants.ZSTD_e_end,
      params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
    });
    zstd.on('data', (piece: Uint8Array) => this.#pieces.push(piece));
    zstd.on('error', (error) => this.#fail(error));
    this.#zstd = zstd;
    this.#level = level;
    return zstd;
  }
}
