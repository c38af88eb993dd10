import { constants, createGzip, type Gzip, type ZlibReset } from 'node:zlib';
import type { DeflateLevel } from './deflate-effort.ts';

/**
 * zlib gives this many bytes at a time, and waits for the main thread after each: most members of 512 KiB need no more than one.
 */
const chunkSize = 256 * 1024;

/** Every compressor can begin anew; the types say so of others only. */
type Compressor = Gzip & ZlibReset;

/**
 * Makes gzip members one after the other, always with the same block and, as long as the level stays, the same compressor.
 * A new compressor for each member would be garbage of half a MiB that V8 finds only when it looks through the whole heap.
 */
export class GzipMemberEncoder implements Disposable {
  /** What the next member will hold. */
  readonly block: Buffer<ArrayBuffer>;
  #level: DeflateLevel | undefined;
  #gzip: Compressor | undefined;
  #pieces: Uint8Array[] = [];
  #fail: (error: Error) => void = () => undefined;

  constructor(blockSize: number) {
    this.block = Buffer.allocUnsafeSlow(blockSize);
  }

  /** The member of the first `size` bytes of the block, in pieces. The block must not be changed before that is there. */
  async member(size: number, level: DeflateLevel): Promise<readonly Uint8Array[]> {
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

  #compressor(level: DeflateLevel): Compressor {
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
