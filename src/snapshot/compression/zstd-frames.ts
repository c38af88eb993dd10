import { MEMBER_SIZE } from './gzip-members.ts';
import { checksOf, type WrittenMember } from './written-member.ts';
import { ZstdFrameEncoder } from './zstd-frame-encoder.ts';
import { chooseZstdLevel } from './zstd-level.ts';

/** The level is chosen anew after this many frames. */
const framesPerChoice = 64;

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

/** A frame that is being compressed. */
interface RunningFrame {
  readonly encoder: ZstdFrameEncoder;
  readonly frame: Promise<readonly Uint8Array[]>;
  readonly checks: Uint32Array;
}

/** Of frames that nobody asks for. */
const NO_CHECKS = new Uint32Array(0);

/**
 * Compresses blocks of `source` in parallel, each as a zstd frame of its own, and gives them in order. By RFC 8878 such a sequence is
 * one zstd file. Each frame says how much it holds, see docs/formats.md. A piece of `source` is copied before the next one is asked
 * for. Memory holds at most `inFlight + 1` blocks and their compressed forms.
 */
export async function* zstdFrames(
  source: AsyncIterable<Uint8Array>,
  { level, blockSize = MEMBER_SIZE, inFlight = 2, onFrame }: ZstdFramesOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  using encoders = new DisposableStack();
  const running: RunningFrame[] = [];
  const finished = async ({ frame, checks }: RunningFrame): Promise<readonly Uint8Array[]> => {
    const pieces = await frame;
    onFrame?.({ length: pieces.reduce((sum, { length }) => sum + length, 0), checks });
    return pieces;
  };
  let frames = 0;
  let chosen = level ?? 0;
  const start = async (encoder: ZstdFrameEncoder, size: number): Promise<void> => {
    if (level === undefined && frames % framesPerChoice === 0) {
      chosen = await chooseZstdLevel(encoder.block.subarray(0, size));
    }
    frames += 1;
    const frame = encoder.frame(size, chosen);
    const checks = onFrame === undefined ? NO_CHECKS : checksOf(encoder.block.subarray(0, size));
    // When the reader stops early, nobody awaits this frame any more.
    frame.catch(() => undefined);
    running.push({ encoder, frame, checks });
  };
  const newEncoder = (): ZstdFrameEncoder => encoders.use(new ZstdFrameEncoder(blockSize));
  let encoder = newEncoder();
  let filled = 0;
  for await (const bytes of source) {
    for (let taken = 0; taken < bytes.length; ) {
      const part = bytes.subarray(taken, taken + blockSize - filled);
      encoder.block.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled < blockSize) {
        continue;
      }
      await start(encoder, filled);
      const oldest = running.length < inFlight ? undefined : running.shift();
      if (oldest !== undefined) {
        yield* await finished(oldest);
      }
      encoder = oldest?.encoder ?? newEncoder();
      filled = 0;
    }
  }
  if (filled > 0 || frames === 0) {
    await start(encoder, filled);
  }
  for (const last of running) {
    yield* await finished(last);
  }
}
