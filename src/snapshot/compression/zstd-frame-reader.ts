import { limits } from '../../runtime/limits.ts';
import type { PieceReader } from '../../runtime/streams/piece-reader.ts';
import { CompressionDamage } from '../damage.ts';
import {
  BLOCK_HEADER,
  blockHeader,
  CHECKSUM,
  DESCRIPTOR_END,
  type FrameHeader,
  frameHeader,
  frameStart,
  LARGEST_BLOCK,
  LONGEST_FRAME_HEADER,
  SKIPPABLE_HEADER,
} from './zstd-frame.ts';
import type { WholeFrame } from './zstd-frame-decoder.ts';

/** Frames that hold more are not held in memory, bytes. Those of this program hold at most 512 KiB. */
const mostContent = 1024 * 1024;

/** The longest that such a frame can be, bytes: longer ones are not held in memory either. */
const longestFrame = mostContent + 64 * 1024;

/** Bytes of a skippable frame, which may be of any length, that are read at a time. */
const skippedAtOnce = 64 * 1024;

/** A frame counts as almost empty when it holds less, or is shorter where it does not say what it holds, bytes. */
const leastContent = 256;
const leastFrame = 64;

/** Where frames are read to: memory of at least `size` bytes; what is there already stays. */
export interface FrameInput {
  input(size: number): Buffer<ArrayBuffer>;
}

/** The next frame of an object. */
export type NextFrame =
  | { readonly kind: 'end' }
  /** It is in the input, whole. */
  | ({ readonly kind: 'whole' } & WholeFrame)
  /** It is too large for memory, or does not say how much it holds. `begun` is in the input. */
  | { readonly kind: 'long'; readonly begun: BegunFrame };

/** A frame of which the first blocks were read. */
interface BegunFrame {
  /** Bytes that were read: up to the header of a block, or up to its last block. */
  readonly size: number;
  readonly hasChecksum: boolean;
}

/**
 * Reads an object frame by frame: the headers of its blocks lead from each frame to the next, so none has to be expanded for that.
 */
export class ZstdFrameReader {
  readonly #reader: PieceReader;
  #at = 0;
  #isFirst = true;
  /** Frames of almost nothing that came one after the other. */
  #tiny = 0;

  constructor(reader: PieceReader) {
    this.#reader = reader;
  }

  /** Bytes of the object that were read. */
  get at(): number {
    return this.#at;
  }

  /** Reads the next frame to an input. Throws {@link CompressionDamage} where there is none. */
  async next(to: FrameInput): Promise<NextFrame> {
    for (;;) {
      const head = to.input(LONGEST_FRAME_HEADER);
      const read = await this.#read(head, { start: 0, end: DESCRIPTOR_END });
      if (read === 0 && !this.#isFirst) {
        return { kind: 'end' };
      }
      const start = frameStart(head.subarray(0, read));
      if (start.kind === 'other') {
        const isBeginning = [0x28, 0xb5, 0x2f, 0xfd].every((byte, at) => at >= read || head[at] === byte);
        throw this.#damage(
          isBeginning
            ? 'the compressed data ends too early'
            : this.#isFirst
              ? 'the compressed data does not begin as zstd does'
              : 'something follows the end of the compressed data',
        );
      }
      this.#isFirst = false;
      if (start.kind === 'frame') {
        await this.#fill(head, { start: read, end: start.size });
        return await this.#blocks(to, { size: start.size, header: this.#checked(frameHeader(head)) });
      }
      await this.#fill(head, { start: read, end: SKIPPABLE_HEADER });
      this.#count({ isTiny: true });
      await this.#skip(head.readUInt32LE(4));
    }
  }

  /** The bytes of a frame that was begun, piece by piece, to its end. */
  async *rest({ size, hasChecksum }: BegunFrame, from: FrameInput): AsyncGenerator<Uint8Array, void, undefined> {
    const startsAt = this.#at - size;
    yield Uint8Array.from(from.input(size).subarray(0, size));
    for (let isLast = false; !isLast; ) {
      // Blocks may be tiny, and each piece costs time.
      const bytes = Buffer.allocUnsafe(2 * LARGEST_BLOCK);
      let end = 0;
      while (!isLast && end < LARGEST_BLOCK - BLOCK_HEADER - CHECKSUM) {
        const header = { start: end, end: end + BLOCK_HEADER };
        if (!this.#fillNow(bytes, header)) {
          await this.#fill(bytes, header);
        }
        const block = this.#block(bytes.subarray(end, end + BLOCK_HEADER));
        isLast = block.isLast;
        const start = end + BLOCK_HEADER;
        end = start + block.size + (isLast && hasChecksum ? CHECKSUM : 0);
        if (!this.#fillNow(bytes, { start, end })) {
          await this.#fill(bytes, { start, end });
        }
      }
      yield bytes.subarray(0, end);
    }
    this.#count({ isTiny: this.#at - startsAt < leastFrame });
  }

  async #blocks(
    to: FrameInput,
    { size, header }: { readonly size: number; readonly header: FrameHeader },
  ): Promise<NextFrame> {
    const { contentSize, hasChecksum } = header;
    if (contentSize === undefined || contentSize > mostContent) {
      return { kind: 'long', begun: { size, hasChecksum } };
    }
    for (let end = size; ; ) {
      if (end > longestFrame) {
        return { kind: 'long', begun: { size: end, hasChecksum } };
      }
      const input = to.input(end + BLOCK_HEADER);
      const head = { start: end, end: end + BLOCK_HEADER };
      if (!this.#fillNow(input, head)) {
        await this.#fill(input, head);
      }
      const block = this.#block(input.subarray(end, end + BLOCK_HEADER));
      const start = end + BLOCK_HEADER;
      end = start + block.size + (block.isLast && hasChecksum ? CHECKSUM : 0);
      const contents = to.input(end);
      if (!this.#fillNow(contents, { start, end })) {
        await this.#fill(contents, { start, end });
      }
      if (block.isLast) {
        this.#count({ isTiny: contentSize < leastContent });
        return { kind: 'whole', size: end, contentSize };
      }
    }
  }

  #count({ isTiny }: { readonly isTiny: boolean }): void {
    this.#tiny = isTiny ? this.#tiny + 1 : 0;
    if (this.#tiny > limits.tinyFrames.most) {
      throw this.#damage(`more than ${limits.tinyFrames.most} frames in a row hold almost nothing`);
    }
  }

  #checked(header: FrameHeader): FrameHeader {
    if (header.needsDictionary) {
      throw this.#damage('it was compressed with a dictionary, which is not known');
    }
    if (header.windowSize > limits.zstdWindow.most) {
      throw this.#damage(
        `to expand it takes a window of ${header.windowSize} bytes, and ${limits.zstdWindow.most} are the most (zstd -d --long=31 takes more)`,
      );
    }
    return header;
  }

  #block(header: Buffer): { readonly isLast: boolean; readonly size: number } {
    const block = blockHeader(header);
    if (block === undefined) {
      throw this.#damage('the compressed data cannot be expanded');
    }
    return block;
  }

  async #skip(size: number): Promise<void> {
    const room = Buffer.allocUnsafe(Math.min(size, skippedAtOnce));
    for (let left = size; left > 0; ) {
      const end = Math.min(left, room.length);
      await this.#fill(room, { start: 0, end });
      left -= end;
    }
  }

  async #fill(target: Uint8Array, place: { readonly start: number; readonly end: number }): Promise<void> {
    if ((await this.#read(target, place)) < place.end) {
      throw this.#damage('the compressed data ends too early');
    }
  }

  /** As {@link #fill}, where it takes no wait. */
  #fillNow(target: Uint8Array, place: { readonly start: number; readonly end: number }): boolean {
    const filled = this.#reader.readNow(target, place);
    this.#at += filled ? place.end - place.start : 0;
    return filled;
  }

  async #read(target: Uint8Array, place: { readonly start: number; readonly end: number }): Promise<number> {
    const end = await this.#reader.read(target, place);
    this.#at += end - place.start;
    return end;
  }

  #damage(reason: string): CompressionDamage {
    return new CompressionDamage(reason, { offset: this.#at });
  }
}
