import { createZstdDecompress } from 'node:zlib';
import { InputBuffer, smallChunk } from './input-buffer.ts';
import { NativeDecoder } from './native-decoder.ts';
import { type Decoded, ZlibDecoder } from './zlib-decoder.ts';
import { reasonOf } from './zlib-stage.ts';

/** A frame in the input of a decoder. */
export interface WholeFrame {
  /** Bytes of the frame. */
  readonly size: number;
  /** Bytes that it says it holds. */
  readonly contentSize: number;
}

/** What became of some frames. */
export interface ExpandedFrames {
  /** What the sound frames expanded to, all of them or those before the first damaged one. */
  readonly pieces: readonly Uint8Array[];
  readonly damage?: {
    readonly reason: string;
    /** Which of the frames is damaged, counted from 0. */
    readonly frame: number;
  };
}

/**
 * Expands zstd frames, some at a time, on a thread of libuv, with one decompressor. A native module takes those that are not small; of what
 * it refuses, and where it cannot be loaded, Node's stream decides.
 */
export class ZstdFrameDecoder implements Disposable {
  readonly #input = new InputBuffer();
  readonly #native: NativeDecoder;
  // It goes on with another frame by itself; a reset would make a new context of zstd.
  readonly #zlib = new ZlibDecoder({ open: createZstdDecompress, between: 'nothing' });

  /** With `reusesPieces` what frames expand to is valid until the second ones after them are expanded. */
  constructor(options: { readonly reusesPieces?: boolean | undefined } = {}) {
    this.#native = new NativeDecoder('unzstd', options);
  }

  /** Where the next frames go, at least `size` bytes; what is there already stays. */
  input(size: number): Buffer<ArrayBuffer> {
    return this.#input.of(size);
  }

  /**
   * Expands frames that are one after the other at the beginning of the input. They must not be changed until the promise resolves. After
   * damage no other frame can follow.
   */
  async expand(frames: readonly WholeFrame[]): Promise<ExpandedFrames> {
    const size = frames.reduce((sum, frame) => sum + frame.size, 0);
    const contentSize = frames.reduce((sum, frame) => sum + frame.contentSize, 0);
    const input = this.#input.of(size);
    const together =
      smallChunk(contentSize) === undefined ? await this.#native.expand(input, { size, contentSize }) : undefined;
    return together === undefined ? await this.#oneAfterTheOther(frames, input) : { pieces: together };
  }

  /** Whether a piece is in memory that serves again. */
  reuses(piece: Uint8Array): boolean {
    return this.#native.reuses(piece);
  }

  [Symbol.dispose](): void {
    this.#zlib[Symbol.dispose]();
  }

  async #oneAfterTheOther(frames: readonly WholeFrame[], input: Buffer): Promise<ExpandedFrames> {
    const pieces: Uint8Array[] = [];
    let at = 0;
    for (const [frame, { size, contentSize }] of frames.entries()) {
      const decoded = await this.#zlib.decode(input.subarray(at, at + size), {
        expected: contentSize,
        most: contentSize,
      });
      const reason = damageOf(decoded, contentSize);
      if (reason !== undefined) {
        return { pieces, damage: { reason, frame } };
      }
      pieces.push(...(decoded.outcome === 'decoded' ? decoded.pieces : []));
      at += size;
    }
    return { pieces };
  }
}

/** What is wrong with a frame that says that it holds `contentSize` bytes. */
function damageOf(decoded: Decoded, contentSize: number): string | undefined {
  switch (decoded.outcome) {
    case 'decoded':
      return decoded.size === contentSize ? undefined : 'the compressed data cannot be expanded';
    case 'refused':
      return reasonOf(decoded.error);
    case 'too much':
      return 'the compressed data expands to more than it says';
    default:
      return decoded satisfies never;
  }
}
