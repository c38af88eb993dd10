import type { Gunzip, InflateRaw, ZlibReset, ZstdDecompress } from 'node:zlib';
import { smallChunk } from './input-buffer.ts';

/** Bytes of the output buffer: what a member or frame of ours holds. */
const usualChunk = 512 * 1024;

/** All of these can be reset; Node's types say so of some only. */
type Engine = (Gunzip | InflateRaw | ZstdDecompress) & ZlibReset;

/** What became of some bytes. */
export type Decoded =
  /** `size` is that of all pieces; `taken` is how many of the bytes were used. */
  | {
      readonly outcome: 'decoded';
      readonly pieces: readonly Uint8Array[];
      readonly size: number;
      readonly taken: number;
    }
  /** `error` is that of the engine; undefined where something follows the end. */
  | { readonly outcome: 'refused'; readonly error: unknown }
  | { readonly outcome: 'too much' };

/** How the engine of a {@link ZlibDecoder} works. */
export interface EngineUse {
  open(options: { readonly chunkSize: number }): Gunzip | InflateRaw | ZstdDecompress;
  /** What has to be done between two calls: an engine may go on with the next by itself. */
  readonly between: 'reset' | 'nothing';
}

/** What a call of {@link ZlibDecoder.decode} has had so far. */
interface Expansion {
  readonly pieces: Uint8Array[];
  readonly most: number;
  size: number;
  readonly settle: (decoded: Decoded) => void;
}

/** Expands one thing after the other with one engine of Node's zlib, on a thread of libuv. */
export class ZlibDecoder implements Disposable {
  readonly #use: EngineUse;
  #engine: Engine | undefined;
  #isForSmall = false;
  #expansion: Expansion | undefined;

  constructor(use: EngineUse) {
    this.#use = use;
  }

  /**
   * Expands `bytes`, which must not be changed until the promise resolves, to at most `most` bytes. `expected` tells about how many bytes go
   * in or come out: where there are few, so is the memory. Unless they are decoded no others can follow.
   */
  async decode(
    bytes: Uint8Array,
    { expected, most }: { readonly expected: number; readonly most: number },
  ): Promise<Decoded> {
    const engine = this.#engineFor(expected);
    const before = engine.bytesWritten;
    const { promise, resolve: settle } = Promise.withResolvers<Decoded>();
    const expansion: Expansion = { pieces: [], most, size: 0, settle };
    this.#expansion = expansion;
    engine.write(bytes, (error) => {
      const { pieces, size } = expansion;
      settle(
        (error ?? undefined) === undefined
          ? { outcome: 'decoded', pieces, size, taken: engine.bytesWritten - before }
          : { outcome: 'refused', error },
      );
    });
    return await promise;
  }

  [Symbol.dispose](): void {
    this.#engine?.destroy();
  }

  #engineFor(expected: number): Engine {
    const forSmall = smallChunk(expected);
    if (this.#engine !== undefined && (forSmall !== undefined || !this.#isForSmall)) {
      if (this.#use.between === 'reset') {
        this.#engine.reset();
      }
      return this.#engine;
    }
    this.#engine?.destroy();
    this.#isForSmall = forSmall !== undefined;
    const engine = this.#use.open({ chunkSize: forSmall ?? usualChunk }) as Engine;
    engine.on('data', (piece: Uint8Array) => this.#take(piece));
    engine.on('error', (error) => this.#expansion?.settle({ outcome: 'refused', error }));
    // Bytes that follow the end of a member end the stream, and the write is never answered.
    engine.on('end', () => this.#expansion?.settle({ outcome: 'refused', error: undefined }));
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
    if (expansion.size > expansion.most) {
      expansion.settle({ outcome: 'too much' });
      this.#engine?.destroy();
    }
  }
}
