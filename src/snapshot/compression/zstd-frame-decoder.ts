import { createZstdDecompress, type ZstdDecompress } from 'node:zlib';
import { InputBuffer, smallChunk } from './input-buffer.ts';
import { reasonOf } from './zlib-stage.ts';

/** Bytes of the output buffer: a frame of ours fills one. */
const chunkSize = 512 * 1024;

/** What became of a frame. */
export type ExpandedFrame =
  | { readonly outcome: 'expanded'; readonly pieces: readonly Uint8Array[] }
  | { readonly outcome: 'damaged'; readonly reason: string };

/** What a call of {@link ZstdFrameDecoder.expand} has had so far. */
interface Expansion {
  readonly contentSize: number;
  readonly pieces: Uint8Array[];
  size: number;
  readonly settle: (result: ExpandedFrame) => void;
}

/** Expands zstd frames one after the other, on a thread of libuv, with one decompressor. */
export class ZstdFrameDecoder implements Disposable {
  readonly #input = new InputBuffer();
  #unzstd: ZstdDecompress | undefined;
  #isForSmall = false;
  #expansion: Expansion | undefined;

  /** Where the next frame goes, at least `size` bytes; what is there already stays. */
  input(size: number): Buffer<ArrayBuffer> {
    return this.#input.of(size);
  }

  /**
   * Expands the first `size` bytes of the input, one frame that says that it holds `contentSize` bytes. They must not be changed until
   * the promise resolves. After damage no other frame can follow.
   */
  async expand({ size, contentSize }: { readonly size: number; readonly contentSize: number }): Promise<ExpandedFrame> {
    const unzstd = this.#expander(contentSize);
    const { promise, resolve: settle } = Promise.withResolvers<ExpandedFrame>();
    const expansion: Expansion = { contentSize, pieces: [], size: 0, settle };
    this.#expansion = expansion;
    unzstd.write(this.#input.of(size).subarray(0, size), (error) => {
      if (error !== null && error !== undefined) {
        settle(damaged(reasonOf(error)));
      } else if (expansion.size === contentSize) {
        settle({ outcome: 'expanded', pieces: expansion.pieces });
      } else {
        settle(damaged('the compressed data is damaged'));
      }
    });
    return await promise;
  }

  [Symbol.dispose](): void {
    this.#unzstd?.destroy();
  }

  #expander(contentSize: number): ZstdDecompress {
    const forSmall = smallChunk(contentSize);
    if (this.#unzstd !== undefined && (forSmall !== undefined || !this.#isForSmall)) {
      return this.#unzstd;
    }
    this.#unzstd?.destroy();
    this.#isForSmall = forSmall !== undefined;
    // It goes on with another frame by itself; a reset would make a new context of zstd.
    const unzstd = createZstdDecompress({ chunkSize: forSmall ?? chunkSize });
    unzstd.on('data', (piece: Uint8Array) => this.#take(piece));
    unzstd.on('error', (error) => this.#expansion?.settle(damaged(reasonOf(error))));
    this.#unzstd = unzstd;
    return unzstd;
  }

  #take(piece: Uint8Array): void {
    const expansion = this.#expansion;
    if (expansion === undefined) {
      return;
    }
    expansion.pieces.push(piece);
    expansion.size += piece.length;
    if (expansion.size > expansion.contentSize) {
      expansion.settle(damaged('the compressed data is damaged: it is more than it says'));
      this.#unzstd?.destroy();
    }
  }
}

function damaged(reason: string): ExpandedFrame {
  return { outcome: 'damaged', reason };
}
