import { getDefaultHighWaterMark } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PieceReader } from '../../runtime/streams/piece-reader.ts';
import type { PieceReuse } from '../../runtime/streams/piece-reuse.ts';
import { CompressionDamage } from '../damage.ts';
import { GzipMemberDecoder } from './gzip-member-decoder.ts';
import { MEMBER_HEADER_SIZE, memberLength } from './member-header.ts';
import { throughZlib } from './zlib-stage.ts';

/** Longer members are not held in memory, bytes. Those of this program have at most a few more than 512 KiB. */
const longestMember = 1024 * 1024;

/** Bytes that zlib takes and gives at a time where the length of a member is not known. */
const chunkSize = 1024 * 1024;

/** Where less than so many bytes are left, zlib gives less at a time: the Go program writes thousands of small deltas. */
const smallRest = 16 * 1024;

/** How {@link gunzipMembers} divides its work. */
export interface GunzipOptions extends PieceReuse {
  /** Members expanded at once, of 512 KiB each; 4 when left out, the number of libuv's threads. */
  readonly membersInFlight?: number | undefined;
}

/** Bytes of the object at the beginning of a decoder's input. */
interface ReadBytes {
  readonly decoder: GzipMemberDecoder;
  readonly size: number;
}

/** A member that is being expanded. */
interface RunningMember extends ReadBytes {
  readonly expanded: Promise<readonly Uint8Array[] | undefined>;
}

/**
 * Expands gzip. Members that state their length, as those of `gzipMembers`, are expanded side by side and given in order; from the first
 * that does not, or whose length is wrong, everything is expanded one after the other. So the result never depends on what members say of
 * themselves. Memory holds a few members and what they expand to. Throws {@link CompressionDamage} for damage; errors of the source pass
 * unchanged.
 */
export async function* gunzipMembers(
  source: AsyncIterable<Uint8Array>,
  { membersInFlight = 4, onReusedPiece }: GunzipOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  await using reader = new PieceReader(source);
  using decoders = new DisposableStack();
  const idle: GzipMemberDecoder[] = [];
  const running: RunningMember[] = [];
  let done = 0;
  for (;;) {
    const decoder = idle.pop() ?? decoders.use(new GzipMemberDecoder({ reusesPieces: onReusedPiece !== undefined }));
    const { size, isWhole } = await readMember(reader, decoder);
    const next = { decoder, size };
    for (let oldest = running[0]; oldest !== undefined; oldest = running[0]) {
      if (isWhole && running.length < membersInFlight) {
        break;
      }
      const pieces = await oldest.expanded;
      if (pieces === undefined) {
        yield* oneAfterTheOther([...running, next], { reader, startsAt: done });
        return;
      }
      for (const piece of pieces) {
        if (oldest.decoder.reuses(piece)) {
          onReusedPiece?.(piece.length);
        }
        yield piece;
      }
      done += oldest.size;
      idle.push(oldest.decoder);
      running.shift();
    }
    if (!isWhole) {
      // An object of no bytes is damaged, too; where the last member ended, nothing is left.
      if (size > 0 || done === 0) {
        yield* oneAfterTheOther([next], { reader, startsAt: done });
      }
      return;
    }
    const expanded = decoder.expand(size);
    // Without memory it rejects, which must not count as unhandled until it is awaited; when the reader stops early, nobody does.
    expanded.catch(() => undefined);
    running.push({ ...next, expanded });
  }
}

/** Reads a member into the decoder's input; only the beginning of one whose length is not known, or is too large. */
async function readMember(
  reader: PieceReader,
  decoder: GzipMemberDecoder,
): Promise<{ readonly size: number; readonly isWhole: boolean }> {
  const header = decoder.input(MEMBER_HEADER_SIZE);
  const read = await reader.read(header, { start: 0, end: MEMBER_HEADER_SIZE });
  const length = memberLength(header.subarray(0, read));
  if (length === undefined || length > longestMember) {
    return { size: read, isWhole: false };
  }
  const size = await reader.read(decoder.input(length), { start: read, end: length });
  return { size, isWhole: size === length };
}

/** Expands what was read and the rest. `startsAt` is where it begins in the object. */
async function* oneAfterTheOther(
  members: readonly ReadBytes[],
  { reader, startsAt }: { readonly reader: PieceReader; readonly startsAt: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const begun = Buffer.allocUnsafeSlow(smallRest);
  const end = await reader.read(begun, { start: 0, end: smallRest });
  const isSmall = members.length === 1 && end < smallRest;
  const all = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for (const { decoder, size } of members) {
      yield decoder.input(size).subarray(0, size);
    }
    yield begun.subarray(0, end);
    for await (const piece of reader.rest()) {
      // While zlib holds little it asks for more, and a piece whose memory serves again would change under it.
      yield piece.length < getDefaultHighWaterMark(false) ? Uint8Array.from(piece) : piece;
    }
  };
  try {
    yield* throughZlib(all(), createGunzip({ chunkSize: isSmall ? 4 * smallRest : chunkSize }));
  } catch (error) {
    if (!(error instanceof CompressionDamage)) {
      throw error;
    }
    const offset = error.offset === undefined ? undefined : error.offset + startsAt;
    throw new CompressionDamage(error.reason, { offset, cause: error.cause });
  }
}
