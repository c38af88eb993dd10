import { createZstdDecompress } from 'node:zlib';
import { PieceReader } from '../../runtime/streams/piece-reader.ts';
import { CompressionDamage } from '../damage.ts';
import { throughZlib } from './zlib-stage.ts';
import { type ExpandedFrame, ZstdFrameDecoder } from './zstd-frame-decoder.ts';
import { ZstdFrameReader } from './zstd-frame-reader.ts';

/** Bytes that zstd gives at a time where a frame is not held in memory. */
const chunkSize = 512 * 1024;

/** A frame that is being expanded. */
interface RunningFrame {
  readonly decoder: ZstdFrameDecoder;
  /** Where it begins in the object. */
  readonly startsAt: number;
  readonly expanded: Promise<ExpandedFrame>;
}

/**
 * Expands zstd: a sequence of frames, as those of `zstdFrames`. Frames that say that they hold little are expanded side by side and given
 * in order, others as they come; skippable frames are skipped. Memory holds a few frames and what they expand to, or the window of a large
 * one, of at most 128 MiB. Throws {@link CompressionDamage} for damage, and for what takes a larger window or a dictionary; errors of the
 * source pass unchanged.
 */
export async function* unzstdFrames(
  source: AsyncIterable<Uint8Array>,
  { framesInFlight = 4 }: { readonly framesInFlight?: number | undefined } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  await using pieces = new PieceReader(source);
  using decoders = new DisposableStack();
  const reader = new ZstdFrameReader(pieces);
  const idle: ZstdFrameDecoder[] = [];
  const running: RunningFrame[] = [];
  for (;;) {
    const decoder = idle.pop() ?? decoders.use(new ZstdFrameDecoder());
    const startsAt = reader.at;
    const next = await settled(reader.next(decoder));
    const isWhole = next.status === 'fulfilled' && next.value.kind === 'whole';
    for (let oldest = running[0]; oldest !== undefined; oldest = running[0]) {
      if (isWhole && running.length < framesInFlight) {
        break;
      }
      yield* piecesOf(await oldest.expanded, oldest.startsAt);
      idle.push(oldest.decoder);
      running.shift();
    }
    // Damage of the frames before comes first.
    if (next.status === 'rejected') {
      throw next.reason;
    }
    const frame = next.value;
    switch (frame.kind) {
      case 'end':
        return;
      case 'whole':
        running.push({ decoder, startsAt, expanded: decoder.expand(frame) });
        break;
      case 'long':
        yield* throughZlib(reader.rest(frame.begun, decoder), createZstdDecompress({ chunkSize }));
        idle.push(decoder);
        break;
      default:
        frame satisfies never;
    }
  }
}

function piecesOf(frame: ExpandedFrame, startsAt: number): readonly Uint8Array[] {
  if (frame.outcome === 'damaged') {
    throw new CompressionDamage(frame.reason, { offset: startsAt });
  }
  return frame.pieces;
}

async function settled<T>(work: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [outcome] = await Promise.allSettled([work]);
  return outcome as PromiseSettledResult<T>;
}
