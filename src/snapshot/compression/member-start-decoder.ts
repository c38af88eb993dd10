import { constants, createGunzip, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { type EngineUse, ZlibDecoder } from './zlib-decoder.ts';

/** Beginnings that expand to more bytes are refused: they would take memory of any size. */
const mostExpanded = 1024 * 1024;

/** What begins: a member of gzip, what follows an access point of one, or a frame of zstd. */
export type StartFormat = 'gzip' | 'deflate' | 'zstd';

const engines: Readonly<Record<StartFormat, EngineUse['open']>> = {
  gzip: (options) => createGunzip({ ...options, flush: constants.Z_SYNC_FLUSH }),
  deflate: (options) => createInflateRaw({ ...options, flush: constants.Z_SYNC_FLUSH }),
  zstd: createZstdDecompress,
};

/**
 * Expands beginnings of gzip members, of what follows their access points, or of zstd frames, one after the other, on a thread of libuv, as far as each of them goes. Nothing
 * proves what they expand to: the checksum of a member is at its end.
 */
export class MemberStartDecoder implements Disposable {
  readonly #zlib: ZlibDecoder;

  constructor(format: StartFormat) {
    this.#zlib = new ZlibDecoder({ open: engines[format], between: 'reset' });
  }

  /**
   * What `start`, from the first byte on, expands to; it must not be changed until the promise resolves. Undefined when it is
   * no such beginning, or expands to too much; then no other can follow.
   */
  async expand(start: Uint8Array): Promise<readonly Uint8Array[] | undefined> {
    const decoded = await this.#zlib.decode(start, { expected: mostExpanded, most: mostExpanded });
    return decoded.outcome === 'decoded' ? decoded.pieces : undefined;
  }

  [Symbol.dispose](): void {
    this.#zlib[Symbol.dispose]();
  }
}
