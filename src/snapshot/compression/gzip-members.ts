import { chooseDeflateLevel, type DeflateLevel } from './deflate-effort.ts';
import { GzipMemberEncoder } from './gzip-member-encoder.ts';

/** After so many members it is looked again how hard it is worth to try. */
const membersPerChoice = 64;

/** How {@link gzipMembers} divides its work. */
export interface GzipMembersOptions {
  /** Uncompressed bytes of a member. Default 512 KiB: larger ones compress hardly better and take memory. */
  readonly blockSize?: number;
  /** Members compressed at once on libuv's threads. Default 4: as many as there are threads, so that none waits for this one. */
  readonly inFlight?: number;
}

/**
 * Compresses blocks of `source` side by side, each as a gzip member of its own, and gives them in order.
 * RFC 1952 makes such a sequence one gzip file, and every reader expands it as one.
 * A piece of `source` is copied before the next one is asked for. Holds at most `inFlight + 1` blocks and their compressed
 * forms.
 */
export async function* gzipMembers(
  source: AsyncIterable<Uint8Array>,
  { blockSize = 512 * 1024, inFlight = 4 }: GzipMembersOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  using lanes = new DisposableStack();
  const running: { readonly lane: GzipMemberEncoder; readonly member: Promise<readonly Uint8Array[]> }[] = [];
  let members = 0;
  let level: DeflateLevel = 6;
  const start = async (lane: GzipMemberEncoder, size: number): Promise<void> => {
    if (members % membersPerChoice === 0) {
      level = await chooseDeflateLevel(lane.block.subarray(0, size));
    }
    members += 1;
    const member = lane.member(size, level);
    // Someone who stops reading leaves members behind that nobody waits for.
    member.catch(() => undefined);
    running.push({ lane, member });
  };
  const newLane = (): GzipMemberEncoder => lanes.use(new GzipMemberEncoder(blockSize));
  let lane = newLane();
  let filled = 0;
  for await (const bytes of source) {
    for (let taken = 0; taken < bytes.length; ) {
      const part = bytes.subarray(taken, taken + blockSize - filled);
      lane.block.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled < blockSize) {
        continue;
      }
      await start(lane, filled);
      const oldest = running.length < inFlight ? undefined : running.shift();
      if (oldest !== undefined) {
        yield* await oldest.member;
      }
      lane = oldest?.lane ?? newLane();
      filled = 0;
    }
  }
  if (filled > 0 || members === 0) {
    await start(lane, filled);
  }
  for (const { member } of running) {
    yield* await member;
  }
}
