import { promisify } from 'node:util';
import { gzip, type ZlibOptions } from 'node:zlib';
import { chooseDeflateLevel, type DeflateLevel } from './deflate-effort.ts';

const gzipBlock = promisify(gzip) as (block: Uint8Array, options: ZlibOptions) => Promise<Buffer>;

/** zlib gives this many bytes at a time: most members come in one piece then, which need not be put together. */
const chunkSize = 512 * 1024;

/** After so many members it is looked again how hard it is worth to try. */
const membersPerChoice = 32;

/** How {@link gzipMembers} divides its work. */
export interface GzipMembersOptions {
  /** Uncompressed bytes of a member. Default 1 MiB: larger ones compress hardly better and take memory. */
  readonly blockSize?: number;
  /** Members compressed at once on libuv's threads. Default 3: of four threads one is left for files. */
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
  { blockSize = 1024 * 1024, inFlight = 3 }: GzipMembersOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const running: { readonly block: Buffer<ArrayBuffer>; readonly member: Promise<Buffer> }[] = [];
  const spare: Buffer<ArrayBuffer>[] = [];
  let members = 0;
  let level: DeflateLevel = 6;
  const start = async (block: Buffer<ArrayBuffer>, size: number): Promise<void> => {
    const content = block.subarray(0, size);
    if (members % membersPerChoice === 0) {
      level = await chooseDeflateLevel(content);
    }
    members += 1;
    const member = gzipBlock(content, { chunkSize, level, memLevel: 9 });
    // Someone who stops reading leaves members behind that nobody waits for.
    member.catch(() => undefined);
    running.push({ block, member });
  };
  let block = Buffer.allocUnsafeSlow(blockSize);
  let filled = 0;
  for await (const bytes of source) {
    for (let taken = 0; taken < bytes.length; ) {
      const part = bytes.subarray(taken, taken + blockSize - filled);
      block.set(part, filled);
      filled += part.length;
      taken += part.length;
      if (filled < blockSize) {
        continue;
      }
      await start(block, filled);
      const oldest = running.length < inFlight ? undefined : running.shift();
      if (oldest !== undefined) {
        yield await oldest.member;
        spare.push(oldest.block);
      }
      block = spare.pop() ?? Buffer.allocUnsafeSlow(blockSize);
      filled = 0;
    }
  }
  if (filled > 0 || members === 0) {
    await start(block, filled);
  }
  for (const { member } of running) {
    yield await member;
  }
}
