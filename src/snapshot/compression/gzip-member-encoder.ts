import { constants, createGzip, type Gzip, type ZlibReset } from 'node:zlib';

/** Bytes of zlib's output buffer. zlib waits for the main thread after each; most members of 512 KiB need only one. */
const chunkSize = 256 * 1024;

/** Gzip streams can be reset, too; Node's types leave it out. */
type Compressor = Gzip & ZlibReset;

/**
 * Encodes gzip members one after the other with one block and, as long as the level stays, one compressor. A new compressor for
 * each member would leave half a MiB outside of the heap until the next full garbage collection.
 */
export class GzipMemberEncoder implements Disposable {
  /** The input of the next member, to be filled by the caller. */
  readonly block: Buffer<ArrayBuffer>;
  #level: number | undefined;
  #gzip: Compressor | undefined;
  #pieces: Uint8Array[] = [];
  #fail: (error: Error) => void = () => undefined;

  constructor(blockSize: number) {
    this.block = Buffer.allocUnsafeSlow(blockSize);
  }

  /** Encodes the first `size` bytes of the block, in pieces. The block must not be changed until the promise resolves. */
  async member(size: number, level: number): Promise<readonly Uint8Array[]> {
    const gzip = this.#compressor(level);
    this.#pieces = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#fail = reject;
    gzip.write(this.block.subarray(0, size));
    gzip.flush(constants.Z_FINISH, () => resolve());
    await promise;
    return this.#pieces;
  }

  [Symbol.dispose](): void {
    this.#gzip?.destroy();
    this.#gzip = undefined;
  }

  #compressor(level: number): Compressor {
    if (this.#gzip !== undefined && this.#level === level) {
      this.#gzip.reset();
      return this.#gzip;
    }
    this.#gzip?.destroy();
    const gzip = createGzip({ level, chunkSize, memLevel: 9 }) as Compressor;
    gzip.on('data', (piece: Uint8Array) => this.#pieces.push(piece));
    gzip.on('error', (error) => this.#fail(error));
    this.#gzip = gzip;
    this.#level = level;
    return gzip;
  }
}
