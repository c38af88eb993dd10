import { constants, createGunzip, type Gunzip, type ZlibReset } from 'node:zlib';
import { InputBuffer, smallChunk } from './input-buffer.ts';
import { loadNativeGunzip, type NativeGunzip } from './native-gunzip.ts';

/** Bytes of zlib's output buffer: a member of ours fills one. */
const chunkSize = 512 * 1024;

/** Members that expand to more bytes are refused: they would take memory of any size. */
const mostExpanded = 2 * chunkSize;

/** Bytes at the end of a member that say how many it expands to. */
const sizeAtEnd = 4;

/** Gzip streams can be reset, too; Node's types leave it out. */
type Expander = Gunzip & ZlibReset;

/** What a call of {@link GzipMemberDecoder.expand} has had so far. */
interface Expansion {
  readonly pieces: Uint8Array[];
  size: number;
  readonly settle: (pieces: readonly Uint8Array[] | undefined) => void;
}

/**
 * Expands gzip members one after the other, on a thread of libuv, with one decompressor. A native one takes the larger members; of
 * what it refuses, and where it cannot be loaded, zlib decides.
 */
export class GzipMemberDecoder implements Disposable {
  readonly #input = new InputBuffer();
  readonly #reusesPieces: boolean;
  /** Memory that takes turns where pieces are reused. */
  readonly #outputs: [Buffer<ArrayBuffer>?, Buffer<ArrayBuffer>?] = [];
  /** Which of them holds what was given last. */
  #given: 0 | 1 = 0;
  #native: Promise<NativeGunzip | undefined> | undefined;
  #gunzip: Expander | undefined;
  #isForSmall = false;
  #expansion: Expansion | undefined;

  /** With `reusesPieces` what a member expands to is valid until the second one after it is expanded. */
  constructor({ reusesPieces = false }: { readonly reusesPieces?: boolean | undefined } = {}) {
    this.#reusesPieces = reusesPieces;
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
    if (smallChunk(size) === undefined) {
      this.#native ??= loadNativeGunzip();
      const native = await this.#native;
      const expanded = native === undefined ? undefined : await this.#natively(native, size);
      if (expanded !== undefined) {
        return expanded;
      }
    }
    return await this.#withZlib(size);
  }

  /** Whether a piece is in memory that serves again. */
  reuses(piece: Uint8Array): boolean {
    return this.#outputs.some((output) => output?.buffer === piece.buffer);
  }

  [Symbol.dispose](): void {
    this.#gunzip?.destroy();
  }

  async #natively(gunzip: NativeGunzip, size: number): Promise<readonly Uint8Array[] | undefined> {
    const input = this.#input.of(size);
    const room = input.readUInt32LE(size - sizeAtEnd);
    if (room > mostExpanded) {
      return undefined;
    }
    const output = this.#output(room);
    if ((await gunzip(input, size, output)) !== room) {
      return undefined;
    }
    if (room === 0) {
      return [];
    }
    // Not before: where nothing is given, what was given last has to live on.
    this.#given = this.#other;
    return [output.subarray(0, room)];
  }

  get #other(): 0 | 1 {
    return this.#given === 0 ? 1 : 0;
  }

  #output(room: number): Buffer<ArrayBuffer> {
    if (!this.#reusesPieces) {
      return Buffer.allocUnsafeSlow(Math.max(1, room));
    }
    const kept = this.#outputs[this.#other];
    const output = kept !== undefined && kept.length >= room ? kept : Buffer.allocUnsafeSlow(Math.max(chunkSize, room));
    this.#outputs[this.#other] = output;
    return output;
  }

  async #withZlib(size: number): Promise<readonly Uint8Array[] | undefined> {
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
