import {
  constants,
  createGunzip,
  createZstdDecompress,
  type Gunzip,
  type ZlibReset,
  type ZstdDecompress,
} from 'node:zlib';

/** Bytes of the output buffer: what a member of ours holds. */
const chunkSize = 512 * 1024;

/** Beginnings that expand to more are refused: they would take memory of any size. */
const mostExpanded = 2 * chunkSize;

/** All of these can be reset; Node's types say so of some only. */
type Expander = (Gunzip | ZstdDecompress) & ZlibReset;

/** What a call of {@link MemberStartDecoder.expand} has had so far. */
interface Expansion {
  readonly pieces: Uint8Array[];
  size: number;
  readonly settle: (pieces: readonly Uint8Array[] | undefined) => void;
}

/**
 * Expands beginnings of gzip members or of zstd frames, one after the other, on a thread of libuv, as far as each of them goes. Nothing
 * proves what they expand to: the checksum of a member is at its end.
 */
export class MemberStartDecoder implements Disposable {
  readonly #compression: 'gzip' | 'zstd';
  #engine: Expander | undefined;
  #expansion: Expansion | undefined;

  constructor(compression: 'gzip' | 'zstd') {
    this.#compression = compression;
  }

  /**
   * What `start`, from the first byte of a member on, expands to; it must not be changed until the promise resolves. Undefined when it is
   * no such beginning, or expands to too much; then no other can follow.
   */
  async expand(start: Uint8Array): Promise<readonly Uint8Array[] | undefined> {
    const engine = this.#fresh();
    const { promise, resolve } = Promise.withResolvers<readonly Uint8Array[] | undefined>();
    const expansion: Expansion = { pieces: [], size: 0, settle: resolve };
    this.#expansion = expansion;
    engine.write(start, (error) => resolve((error ?? undefined) === undefined ? expansion.pieces : undefined));
    return await promise;
  }

  [Symbol.dispose](): void {
    this.#engine?.destroy();
  }

  #fresh(): Expander {
    if (this.#engine !== undefined) {
      this.#engine.reset();
      return this.#engine;
    }
    const engine = (
      this.#compression === 'gzip'
        ? createGunzip({ chunkSize, flush: constants.Z_SYNC_FLUSH })
        : createZstdDecompress({ chunkSize })
    ) as Expander;
    engine.on('data', (piece: Uint8Array) => this.#take(piece));
    engine.on('error', () => this.#expansion?.settle(undefined));
    // Bytes that follow a member end the stream, and the write is never answered.
    engine.on('end', () => this.#expansion?.settle(undefined));
    this.#engine = engine;
    return engine;
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
      this.#engine?.destroy();
    }
  }
}
