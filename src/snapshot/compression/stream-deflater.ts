import { constants, createGzip, type Gzip, type ZlibReset } from 'node:zlib';

/** Bytes of zlib's output buffer. zlib waits for the main thread after each; most members of 512 KiB need only one. */
const chunkSize = 256 * 1024;

/** How a member is encoded. */
export interface MemberEncoding {
  readonly level: number;
  /** The compressor begins anew after each so many bytes, which makes access points; left out, it never does. */
  readonly flushEach?: number | undefined;
}

/** A member as zlib makes it. */
export interface ZlibMember {
  readonly pieces: readonly Uint8Array[];
  /** Where in it the compressor began anew. */
  readonly flushedAt: readonly number[];
}

/** Gzip streams can be reset, too; Node's types leave it out. */
type Compressor = Gzip & ZlibReset;

/**
 * Makes gzip members one after the other with, as long as the level stays, one stream of Node. A new one for each member would leave half
 * a MiB outside of the heap until the next full garbage collection.
 */
export class StreamDeflater implements Disposable {
  #level: number | undefined;
  #flush: number | undefined;
  #gzip: Compressor | undefined;
  #pieces: Uint8Array[] = [];
  #fail: (error: Error) => void = () => undefined;

  /** Makes a member of all of `block`, which must not be changed until the promise resolves. */
  async member(block: Uint8Array, { level, flushEach }: MemberEncoding): Promise<ZlibMember> {
    // That it flushes after each write by itself saves a call, and a thread's turn, for each.
    const gzip = this.#compressor(level, flushEach === undefined ? constants.Z_NO_FLUSH : constants.Z_FULL_FLUSH);
    const size = block.length;
    const step = flushEach ?? size;
    const pieces: Uint8Array[] = [];
    this.#pieces = pieces;
    const flushedAt: number[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#fail = reject;
    let at = 0;
    for (; at + step < size; at += step) {
      gzip.write(block.subarray(at, at + step), () => flushedAt.push(sizeOf(pieces)));
    }
    gzip.write(block.subarray(at, size));
    gzip.flush(constants.Z_FINISH, () => resolve());
    await promise;
    return { pieces, flushedAt };
  }

  [Symbol.dispose](): void {
    this.#gzip?.destroy();
    this.#gzip = undefined;
  }

  #compressor(level: number, flush: number): Compressor {
    if (this.#gzip !== undefined && this.#level === level && this.#flush === flush) {
      this.#gzip.reset();
      return this.#gzip;
    }
    this.#gzip?.destroy();
    const gzip = createGzip({ level, flush, chunkSize, memLevel: 9 }) as Compressor;
    gzip.on('data', (piece: Uint8Array) => this.#pieces.push(piece));
    gzip.on('error', (error) => this.#fail(error));
    this.#gzip = gzip;
    this.#level = level;
    this.#flush = flush;
    return gzip;
  }
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
