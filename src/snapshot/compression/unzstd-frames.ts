import { createZstdDecompress } from 'node:zlib';
import { PieceReader } from '../../runtime/streams/piece-reader.ts';
import type { PieceReuse } from '../../runtime/streams/piece-reuse.ts';
import { CompressionDamage } from '../damage.ts';
import { throughZlib } from './zlib-stage.ts';
import { type ExpandedFrames, type WholeFrame, ZstdFrameDecoder } from './zstd-frame-decoder.ts';
import { type FrameInput, type NextFrame, ZstdFrameReader } from './zstd-frame-reader.ts';

/** Bytes that zstd gives at a time where a frame is not held in memory. */
const chunkSize = 512 * 1024;

/** How {@link unzstdFrames} divides its work. */
export interface UnzstdOptions extends PieceReuse {
  /** Frames expanded at once, of 512 KiB each; 4 when left out, the number of libuv's threads. */
  readonly framesInFlight?: number | undefined;
}

/** Frames are expanded together until they hold so many bytes, or are so many: each job costs time. */
const together = { bytes: 1024 * 1024, frames: 64 } as const;

/** How many of ours that are. */
const framesTogether = 2;

/** A frame in the input of a decoder. */
interface PlacedFrame extends WholeFrame {
  /** Where it begins in the object. */
  readonly startsAt: number;
}

/** Frames that are being expanded together. */
interface RunningFrames {
  readonly decoder: ZstdFrameDecoder;
  readonly frames: readonly PlacedFrame[];
  readonly expanded: Promise<ExpandedFrames>;
}

/**
 * Expands zstd: a sequence of frames, as those of `zstdFrames`. Frames that say that they hold little are expanded side by side, some
 * together, and given in order, others as they come; skippable frames are skipped. Memory holds a few frames and what they expand to, or the
 * window of a large one, of at most 128 MiB. Throws {@link CompressionDamage} for damage, and for what takes a larger window or a
 * dictionary; errors of the source pass unchanged.
 */
export async function* unzstdFrames(
  source: AsyncIterable<Uint8Array>,
  { framesInFlight = 4, onReusedPiece }: UnzstdOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  await using pieces = new PieceReader(source);
  using decoders = new DisposableStack();
  const reader = new ZstdFrameReader(pieces);
  const idle: ZstdFrameDecoder[] = [];
  const running: RunningFrames[] = [];
  for (;;) {
    const decoder = idle.pop() ?? decoders.use(new ZstdFrameDecoder({ reusesPieces: onReusedPiece !== undefined }));
    const { frames, input, after } = await readTogether(reader, decoder);
    if (frames.length > 0) {
      const expanded = decoder.expand(frames);
      // Without memory it rejects, which must not count as unhandled until it is awaited; when the reader stops early, nobody does.
      expanded.catch(() => undefined);
      running.push({ decoder, frames, expanded });
    } else {
      idle.push(decoder);
    }
    const mostRunning = after === undefined ? Math.ceil(framesInFlight / framesTogether) : 0;
    for (let oldest = running[0]; oldest !== undefined && running.length > mostRunning; oldest = running[0]) {
      const expanded = await oldest.expanded;
      for (const piece of expanded.pieces) {
        if (oldest.decoder.reuses(piece)) {
          onReusedPiece?.(piece.length);
        }
        yield piece;
      }
      throwDamage(expanded, oldest.frames);
      idle.push(oldest.decoder);
      running.shift();
    }
    if (after === undefined) {
      continue;
    }
    // Damage of the frames before comes first.
    if (after.status === 'rejected') {
      throw after.reason;
    }
    const { value } = after;
    switch (value.kind) {
      case 'end':
        return;
      case 'long':
        yield* throughZlib(reader.rest(value.begun, input), createZstdDecompress({ chunkSize }));
        break;
      default:
        value satisfies never;
    }
  }
}

/**
 * Reads frames to the input of a decoder until they are enough to expand together. `after` is what comes next where that is no such frame;
 * undefined where it was not looked at.
 */
async function readTogether(
  reader: ZstdFrameReader,
  decoder: ZstdFrameDecoder,
): Promise<{
  readonly frames: readonly PlacedFrame[];
  readonly input: FrameInput;
  readonly after: PromiseSettledResult<Exclude<NextFrame, { readonly kind: 'whole' }>> | undefined;
}> {
  const frames: PlacedFrame[] = [];
  let end = 0;
  let contents = 0;
  const input: FrameInput = { input: (size) => decoder.input(end + size).subarray(end) };
  while (Math.max(end, contents) < together.bytes && frames.length < together.frames) {
    const startsAt = reader.at;
    const [next] = await Promise.allSettled([reader.next(input)]);
    if (next.status === 'rejected') {
      return { frames, input, after: next };
    }
    const { value } = next;
    if (value.kind !== 'whole') {
      return { frames, input, after: { status: 'fulfilled', value } };
    }
    const { size, contentSize } = value;
    frames.push({ size, contentSize, startsAt });
    end += size;
    contents += contentSize;
  }
  return { frames, input, after: undefined };
}

function throwDamage({ damage }: ExpandedFrames, frames: readonly PlacedFrame[]): void {
  if (damage !== undefined) {
    throw new CompressionDamage(damage.reason, { offset: frames[damage.frame]?.startsAt });
  }
}
