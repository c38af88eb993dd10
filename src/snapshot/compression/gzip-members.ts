import { AccessPointDistance } from './access-point-distance.ts';
import type { AccessPoints } from './access-points.ts';
import { chooseDeflateLevel } from './deflate-effort.ts';
import { type EncodedBlock, encodedBlocks } from './encoded-blocks.ts';
import { GzipMemberEncoder } from './gzip-member-encoder.ts';
import { ADDED_TO_HEADER, withMemberLength } from './member-header.ts';
import type { WrittenMember } from './written-member.ts';

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
  /** Called with each member, in order. Only then members have access points, where they make them hardly larger. */
  readonly onMember?: ((member: WrittenMember) => void) | undefined;
}

/**
 * Compresses blocks of `source` in parallel, each as a gzip member of its own, and gives them in order. By RFC 1952 such a sequence is
 * one gzip file. Each member says its length, see docs/formats.md. A piece of `source` is copied before the next one is asked for.
 * Memory holds at most `inFlight + 1` blocks and their compressed forms.
 */
export function gzipMembers(
  source: AsyncIterable<Uint8Array>,
  { level, blockSize = MEMBER_SIZE, inFlight = 4, onMember }: GzipMembersOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const distances = onMember === undefined ? undefined : new AccessPointDistance(blockSize);
  const encode = async (encoder: GzipMemberEncoder, size: number, chosen: number): Promise<EncodedBlock> => {
    const block = encoder.block.subarray(0, size);
    const distance = distances?.next(block);
    const { pieces, flushedAt } = await encoder.member(size, { level: chosen, flushEach: distance });
    const member = withMemberLength(pieces);
    await distances?.encoded(block, { level: chosen, size: member.reduce((sum, { length }) => sum + length, 0) });
    return { pieces: member, points: pointsAt(flushedAt, distance) };
  };
  return encodedBlocks(source, {
    blockSize,
    inFlight,
    level,
    onMember,
    chooseLevel: chooseDeflateLevel,
    newEncoder: () => new GzipMemberEncoder(blockSize),
    encode,
  });
}

/** The access points of a member that zlib flushed at these places. */
function pointsAt(flushedAt: readonly number[], distance: number | undefined): AccessPoints | undefined {
  if (distance === undefined || flushedAt.length === 0) {
    return undefined;
  }
  const lengths = flushedAt.map((end, at) => end - (flushedAt[at - 1] ?? -ADDED_TO_HEADER));
  return { distance, lengths };
}
