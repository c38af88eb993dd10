import { crc32 } from 'node:zlib';
import { GzipMemberDecoder } from '../snapshot/compression/gzip-member-decoder.ts';
import { MemberStartDecoder } from '../snapshot/compression/member-start-decoder.ts';
import { frameHeader, LONGEST_FRAME_HEADER } from '../snapshot/compression/zstd-frame.ts';
import { ZstdFrameDecoder } from '../snapshot/compression/zstd-frame-decoder.ts';
import type { ContentCheck } from '../snapshot/key-index/check-table.ts';
import type { Compression } from '../snapshot/snapshot.ts';

/** Bytes of the CRC-32 and the size at the end of a member of gzip. */
const TRAILER_SIZE = 8;

/** What became of a part of a member. */
export type ExpandedStart =
  /** `contents` are those up to the check, which they fit. */
  | { readonly outcome: 'expanded'; readonly contents: Buffer }
  /** More of it is needed. */
  | { readonly outcome: 'too short' }
  /** No other can follow. */
  | { readonly outcome: 'damaged' };

/** Expands members of gzip objects or frames of zstd objects, one after the other, with one decompressor. */
export interface MemberExpander extends Disposable {
  /**
   * What a member expands to, in pieces; undefined when that is not `size` bytes with the checksum that the member says. No other can
   * follow then.
   */
  expand(member: Uint8Array, size: number): Promise<readonly Uint8Array[] | undefined>;
  /** What the beginning of a part expands to, up to a check. */
  expandStart(start: Uint8Array, part: PartStart): Promise<ExpandedStart>;
  /** What a part expands to that begins with an access point and ends with the member. */
  expandEnd(part: Buffer, whole: PartEnd): Promise<ExpandedStart>;
}

/** The beginning of a part of a member. */
export interface PartStart {
  /** What is before it, where it begins with an access point; undefined where it begins with the member. */
  readonly from: ContentCheck | undefined;
  /** What it is expanded up to. */
  readonly upTo: ContentCheck;
  /** Bytes of the member that follow it. */
  readonly after: number;
}

/** A part that ends with its member. */
export interface PartEnd extends Pick<PartStart, 'from'> {
  /** Bytes of the contents of the member. */
  readonly size: number;
}

/** An expander for an object that has an index. */
export function memberExpander(compression: Compression): MemberExpander {
  return compression === 'zstd' ? new FrameExpander() : new GzipExpander();
}

class GzipExpander implements MemberExpander {
  readonly #decoder = new GzipMemberDecoder();
  readonly #starts = new MemberStartDecoder('gzip');
  readonly #parts = new MemberStartDecoder('deflate');

  async expand(member: Uint8Array, size: number): Promise<readonly Uint8Array[] | undefined> {
    this.#decoder.input(member.length).set(member);
    const pieces = await this.#decoder.expand(member.length);
    return pieces?.reduce((sum, { length }) => sum + length, 0) === size ? pieces : undefined;
  }

  expandStart(start: Uint8Array, part: PartStart): Promise<ExpandedStart> {
    if (part.from === undefined) {
      return checkedStart(this.#starts, start, part);
    }
    // What follows an access point has no header, so zlib knows of no trailer either.
    const trailer = Math.max(0, TRAILER_SIZE - part.after);
    return checkedStart(this.#parts, start.subarray(0, Math.max(0, start.length - trailer)), part);
  }

  async expandEnd(part: Buffer, { from, size }: PartEnd): Promise<ExpandedStart> {
    const trailerAt = part.length - TRAILER_SIZE;
    if (trailerAt < 0 || part.readUInt32LE(trailerAt + 4) !== size) {
      return { outcome: 'damaged' };
    }
    const upTo = { end: size, checksum: part.readUInt32LE(trailerAt) };
    return await this.expandStart(part, { from, upTo, after: 0 });
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
    this.#starts[Symbol.dispose]();
    this.#parts[Symbol.dispose]();
  }
}

/** Frames have no access points. */
class FrameExpander implements MemberExpander {
  readonly #decoder = new ZstdFrameDecoder();
  readonly #starts = new MemberStartDecoder('zstd');

  async expand(frame: Uint8Array, size: number): Promise<readonly Uint8Array[] | undefined> {
    const input = this.#decoder.input(Math.max(frame.length, LONGEST_FRAME_HEADER));
    input.set(frame);
    const { contentSize, hasChecksum, needsDictionary } = frameHeader(input);
    if (contentSize !== size || !hasChecksum || needsDictionary) {
      return undefined;
    }
    const { pieces, damage } = await this.#decoder.expand([{ size: frame.length, contentSize }]);
    return damage === undefined ? pieces : undefined;
  }

  async expandStart(start: Uint8Array, part: PartStart): Promise<ExpandedStart> {
    return part.from === undefined ? await checkedStart(this.#starts, start, part) : { outcome: 'damaged' };
  }

  expandEnd(): Promise<ExpandedStart> {
    return Promise.resolve({ outcome: 'damaged' });
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
    this.#starts[Symbol.dispose]();
  }
}

async function checkedStart(
  decoder: MemberStartDecoder,
  start: Uint8Array,
  { from, upTo: { end, checksum } }: PartStart,
): Promise<ExpandedStart> {
  const pieces = await decoder.expand(start);
  if (pieces === undefined) {
    return { outcome: 'damaged' };
  }
  const size = end - (from?.end ?? 0);
  if (pieces.reduce((sum, { length }) => sum + length, 0) < size) {
    return { outcome: 'too short' };
  }
  const contents = Buffer.concat(pieces, size);
  return crc32(contents, from?.checksum) === checksum ? { outcome: 'expanded', contents } : { outcome: 'damaged' };
}
