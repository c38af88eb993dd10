import { chooseDeflateLevel } from './deflate-effort.ts';
import { GzipMemberEncoder } from './gzip-member-encoder.ts';
import { withMemberLength } from './member-header.ts';
import { checksOf, type WrittenMember } from './written-member.ts';

/** The level is chosen anew after this many members. */
const membersPerChoice = 64;

/** Uncompressed bytes of a member: larger ones compress hardly better and take more memory. */
export const MEMBER_SIZE = 512 * 1024;

/** How {@link gzipMembers} divides its work. */
export interface GzipMembersOptions {
  /** One of zlib's levels, 1 to 9; left out, it is chosen by the contents. */
  readonly level?: number | undefined;
  /** Uncompressed bytes of a member but the last. Default {@link MEMBER_SIZE}. */
  readonly blockSize?: number;
  /** Members compressed at once on libuv's threads. Default 4, the number of these threads. */
  readonly inFlight?: number;
  /** Called with each member, in order. */
  readonly onMember?: ((member: WrittenMember) => void) | undefined;
}

/** A member that is being compressed. */
interface RunningMember {
  readonly encoder: GzipMemberEncoder;
  readonly member: Promise<readonly Uint8Array[]>;
  readonly checks: Uint32Array;
}

/** Of members that nobody asks for. */
const NO_CHECKS = new Uint32Array(0);

/**
 * Compresses blocks of `source` in parallel, each as a gzip member of its own, and gives them in order. By RFC 1952 such a
 * sequence is one gzip file. Each member says its length, see docs/formats.md. A piece of `source` is copied before the next one is asked for. Memory holds at most `inFlight + 1`
 * blocks and their compressed forms.
 */
export async function* gzipMembers(
  source: AsyncIterable<Uint8Array>,
  { level, blockSize = MEMBER_SIZE, inFlight = 4, onMember }: GzipMembersOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  using encoders = new DisposableStack();
  const running: RunningMember[] = [];
  const finished = async ({ member, checks }: RunningMember): Promise<readonly Uint8Array[]> => {
    const pieces = withMemberLength(await member);
    onMember?.({ length: pieces.reduce((sum, { length }) => sum + length, 0), checks });
    return pieces;
  };
  let members = 0;
  let chosen = level ?? 6;
  const start = async (encoder: GzipMemberEncoder, size: number): Promise<void> => {
    if (level === undefined && members % membersPerChoice === 0) {
      chosen = await chooseDeflateLevel(encoder.block.subarray(0, size));
    }
    members += 1;
    const member = encoder.member(size, chosen);
    const checks = onMember === undefined ? NO_CHECKS : checksOf(encoder.block.subarray(0, size));
    // When the reader stops early, nobody awaits this member any more.
    member.catch(() => undefined);
    running.push({ encoder, member, checks });
  };
  const newEncoder = (): GzipMemberEncoder => encoders.use(new GzipMemberEncoder(blockSize));
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
  if (filled > 0 || members === 0) {
    await start(encoder, filled);
  }
  for (const last of running) {
    yield* await finished(last);
  }
}
