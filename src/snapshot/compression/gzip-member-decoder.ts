import { constants, createGunzip } from 'node:zlib';
import { InputBuffer, smallChunk } from './input-buffer.ts';
import { NativeDecoder } from './native-decoder.ts';
import { ZlibDecoder } from './zlib-decoder.ts';

/** Members that expand to more bytes are refused: they would take memory of any size. */
const mostExpanded = 1024 * 1024;

/** Bytes at the end of a member that say how many it expands to. */
const sizeAtEnd = 4;

/**
 * Expands gzip members one after the other, on a thread of libuv, with one decompressor. A native one takes the larger members; of
 * what it refuses, and where it cannot be loaded, zlib decides.
 */
export class GzipMemberDecoder implements Disposable {
  readonly #input = new InputBuffer();
  readonly #native: NativeDecoder;
  readonly #zlib = new ZlibDecoder({
    // Each write is the last of its member: zlib refuses one that does not end there.
    open: (options) => createGunzip({ ...options, flush: constants.Z_FINISH }),
    between: 'reset',
  });

  /** With `reusesPieces` what a member expands to is valid until the second one after it is expanded. */
  constructor(options: { readonly reusesPieces?: boolean | undefined } = {}) {
    this.#native = new NativeDecoder('gunzip', options);
  }

  /** Where the next member goes, at least `size` bytes; what is there already stays. */
  input(size: number): Buffer<ArrayBuffer> {
    return this.#input.of(size);
  }

  /**
   * Expands the first `size` bytes of the input, which must not be changed until the promise resolves. Undefined when they are
   * not exactly one sound member or several, or expand to too much; then no other can follow.
   */
  async expand(size: number): Promise<readonly Uint8Array[] | undefined> {
    const input = this.#input.of(size);
    if (smallChunk(size) === undefined) {
      const contentSize = input.readUInt32LE(size - sizeAtEnd);
      const pieces = contentSize > mostExpanded ? undefined : await this.#native.expand(input, { size, contentSize });
      if (pieces !== undefined) {
        return pieces;
      }
    }
    const decoded = await this.#zlib.decode(input.subarray(0, size), { expected: size, most: mostExpanded });
    return decoded.outcome === 'decoded' && decoded.taken === size ? decoded.pieces : undefined;
  }

  /** Whether a piece is in memory that serves again. */
  reuses(piece: Uint8Array): boolean {
    return this.#native.reuses(piece);
  }

  [Symbol.dispose](): void {
    this.#zlib[Symbol.dispose]();
  }
}
