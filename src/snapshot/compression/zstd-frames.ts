import { encodedBlocks } from './encoded-blocks.ts';
import { MEMBER_SIZE } from './gzip-members.ts';
import type { WrittenMember } from './written-member.ts';
import { ZstdFrameEncoder } from './zstd-frame-encoder.ts';
import { chooseZstdLevel } from './zstd-level.ts';

/** How {@link zstdFrames} divides its work. */
export interface ZstdFramesOptions {
  /** One of zstd's levels, 1 to 22; left out, it is chosen by the contents. */
  readonly level?: number | undefined;
  /** Uncompressed bytes of a frame. Default 512 KiB: larger frames compress hardly better and take more memory. */
  readonly blockSize?: number;
  /** Frames compressed at once on libuv's threads. Default 2: they are faster than what comes in, and each takes a few MiB. */
  readonly inFlight?: number;
  /** Called with each frame, in order. */
  readonly onFrame?: ((frame: WrittenMember) => void) | undefined;
}

/**
 * Compresses blocks of `source` in parallel, each as a zstd frame of its own, and gives them in order. By RFC 8878 such a sequence is
 * one zstd file. Each frame says how much it holds, see docs/formats.md. A piece of `source` is copied before the next one is asked
 * for. Memory holds at most `inFlight + 1` blocks and their compressed forms.
 */
export function zstdFrames(
  source: AsyncIterable<Uint8Array>,
  { level, blockSize = MEMBER_SIZE, inFlight = 2, onFrame }: ZstdFramesOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  return encodedBlocks(source, {
    blockSize,
    inFlight,
    level,
    onMember: onFrame,
    chooseLevel: chooseZstdLevel,
    newEncoder: () => new ZstdFrameEncoder(blockSize),
    encode: async (encoder, size, chosen) => ({ pieces: await encoder.frame(size, chosen) }),
  });
}
