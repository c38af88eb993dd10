import { constants, createGunzip, type Gunzip, type ZlibReset } from 'node:zlib';
import { InputBuffer, smallChunk } from './input-buffer.ts';

/** Bytes of zlib's output buffer: a member of ours fills one. */
const chunkSize = 512 * 1024;

/** Members that expand to more bytes are refused: they would take memory of any size. */
const mostExpanded = 2 * chunkSize;

/** Gzip streams can be reset, too; Node's types leave it out. */
type Expander = Gunzip & ZlibReset;

/** What a call of {@link GzipMemberDecoder.expand} has had so far. */
interface Expansion {
  readonly pieces: Uint8Array[];
  size: number;
  readonly settle: (pieces: readonly Uint8Array[] | undefined) => void;
}

/** Expands gzip members one after the other, on a thread of libuv, with one decompressor. */
export class GzipMemberDecoder implements Disposable {
  readonly #input = new InputBuffer();
  #gunzip: Expander | undefined;
  #isForSmall = false;
  #expansion: Expansion | undefined;

  /** Where the next member goes, at least `size` bytes; what is there already stays. */
  input(size: number): Buffer<ArrayBuffer> {
    return this.#input.of(size);
  }

  /**
   * Expands the first `size` bytes of the input, which must not be changed until the promise resolves. Undefined when they are
   * not exactly one sound member or several, or expand to too much; then no other can follow.
   */
  async expand(size: number): Promise<readonly Uint8Array[] | undefined> {
    const gunzip = this.#expander(size);
    const before = gunzip.bytesWritten;
    const { promise, resolve } = Promise.withResolvers<readonly Uint8Array[] | undefined>();
    const expansion: Expansion = { pieces: [], size: 0, settle: resolve };
    this.#expansion = expansion;
    gunzip.write(this.#input.of(size).subarray(0, size), (error) => {
      const isWhole = (error ?? undefined) === undefined && gunzip.bytesWritten - before === size;
      resolve(isWhole ? expansion.pieces : undefined);
    });
    return await promise;
  }

  [Symbol.dispose](): void {
    this.#gunzip?.destroy();
  }

  #expander(size: number): Expander {
    const forSmall = smallChunk(size);
    if (this.#gunzip !== undefined && (forSmall !== undefined || !this.#isForSmall)) {
      this.#gunzip.reset();
      return this.#gunzip;
    }
    this.#gunzip?.destroy();
    this.#isForSmall = forSmall !== undefined;
    // Each write is the last of its member: zlib refuses one that does not end there.
    const gunzip = createGunzip({ chunkSize: forSmall ?? chunkSize, flush: constants.Z_FINISH }) as Expander;
    gunzip.on('data', (piece: Uint8Array) => this.#take(piece));
    gunzip.on('error', () => this.#expansion?.settle(undefined));
    // Bytes that follow a member end the stream, and the write is never answered.
    gunzip.on('end', () => this.#expansion?.settle(undefined));
    this.#gunzip = gunzip;
    return gunzip;
  }

  #take(piece: Uint8Array): void {
    const expansion = this.#expansion;
    if (expansion === undefined) {
      return;
    }
    expansion.pieces.push(piece);
    expansion.size += piece.length;
    if (expansion.size > mostExpanded) {
      expansion.settle(undefined);
      this.#gunzip?.destroy();
    }
  }
}
