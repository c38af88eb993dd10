import type { AccessPoints } from './access-points.ts';
import { checksOf, type WrittenMember } from './written-member.ts';

/** The level is chosen anew after this many blocks. */
const blocksPerChoice = 64;

/** Encodes one block at a time, which the caller puts into {@link block}. */
export interface BlockEncoder extends Disposable {
  readonly block: Buffer;
}

/** A block when it is encoded. */
export interface EncodedBlock {
  readonly pieces: readonly Uint8Array[];
  readonly points?: AccessPoints | undefined;
}

/** How {@link encodedBlocks} encodes. */
export interface BlockEncoding<Encoder extends BlockEncoder> {
  /** Bytes of a block but the last. */
  readonly blockSize: number;
  /** Blocks that are encoded at once, on libuv's threads. */
  readonly inFlight: number;
  /** Left out, it is chosen by the contents. */
  readonly level: number | undefined;
  chooseLevel(block: Uint8Array): Promise<number>;
  /** An encoder for blocks of {@link blockSize} bytes. */
  newEncoder(): Encoder;
  /** Encodes the first `size` bytes of the encoder's block, which stays as it is until the promise resolves. */
  encode(encoder: Encoder, size: number, level: number): Promise<EncodedBlock>;
  /** Called with each encoded block, in order. */
  readonly onMember?: ((member: WrittenMember) => void) | undefined;
}

/** A block that is being encoded. */
interface RunningBlock<Encoder> {
  readonly encoder: Encoder;
  readonly encoded: Promise<EncodedBlock>;
  readonly checks: Uint32Array;
}

/** Of blocks whose checksums are not asked for. */
const NO_CHECKS = new Uint32Array(0);

/**
 * Divides `source` into blocks, encodes several at once, and gives them in order; one block at least, which may be empty. A piece of
 * `source` is copied before the next one is asked for. Memory holds at most `inFlight + 1` blocks and their encoded forms.
 */
export async function* encodedBlocks<Encoder extends BlockEncoder>(
  source: AsyncIterable<Uint8Array>,
  encoding: BlockEncoding<Encoder>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { blockSize, inFlight, level, onMember } = encoding;
  using encoders = new DisposableStack();
  const running: RunningBlock<Encoder>[] = [];
  const finished = async (block: RunningBlock<Encoder>): Promise<readonly Uint8Array[]> => {
    const { pieces, points } = await block.encoded;
    onMember?.({ length: pieces.reduce((sum, { length }) => sum + length, 0), checks: block.checks, points });
    return pieces;
  };
  let blocks = 0;
  let chosen = level ?? 0;
  const start = async (encoder: Encoder, size: number): Promise<void> => {
    if (level === undefined && blocks % blocksPerChoice === 0) {
      chosen = await encoding.chooseLevel(encoder.block.subarray(0, size));
    }
    blocks += 1;
    const encoded = encoding.encode(encoder, size, chosen);
    const checks = onMember === undefined ? NO_CHECKS : checksOf(encoder.block.subarray(0, size));
    // When the reader stops early, nothing awaits this block any more.
    encoded.catch(() => undefined);
    running.push({ encoder, encoded, checks });
  };
  const newEncoder = (): Encoder => encoders.use(encoding.newEncoder());
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
  if (filled > 0 || blocks === 0) {
    await start(encoder, filled);
  }
  for (const last of running) {
    yield* await finished(last);
  }
}
