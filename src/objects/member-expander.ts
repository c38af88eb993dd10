import { crc32 } from 'node:zlib';
import { GzipMemberDecoder } from '../snapshot/compression/gzip-member-decoder.ts';
import { MemberStartDecoder } from '../snapshot/compression/member-start-decoder.ts';
import { frameHeader, LONGEST_FRAME_HEADER } from '../snapshot/compression/zstd-frame.ts';
import { ZstdFrameDecoder } from '../snapshot/compression/zstd-frame-decoder.ts';
import type { ContentCheck } from '../snapshot/key-index/check-table.ts';
import type { Compression } from '../snapshot/snapshot.ts';

/** What became of the beginning of a member. */
export type ExpandedStart =
  /** `contents` are those up to the check, which they fit. */
  | { readonly outcome: 'expanded'; readonly contents: Buffer }
  /** More of the member is needed. */
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
  /** What the beginning of a member expands to, up to a check. */
  expandStart(start: Uint8Array, upTo: ContentCheck): Promise<ExpandedStart>;
}

/** An expander for an object that has an index. */
export function memberExpander(compression: Compression): MemberExpander {
  return compression === 'zstd' ? new FrameExpander() : new GzipExpander();
}

class GzipExpander implements MemberExpander {
  readonly #decoder = new GzipMemberDecoder();
  readonly #starts = new MemberStartDecoder('gzip');

  async expand(member: Uint8Array, size: number): Promise<readonly Uint8Array[] | undefined> {
    this.#decoder.input(member.length).set(member);
    const pieces = await this.#decoder.expand(member.length);
    return pieces?.reduce((sum, { length }) => sum + length, 0) === size ? pieces : undefined;
  }

  expandStart(start: Uint8Array, upTo: ContentCheck): Promise<ExpandedStart> {
    return checkedStart(this.#starts, start, upTo);
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
    this.#starts[Symbol.dispose]();
  }
}

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

  expandStart(start: Uint8Array, upTo: ContentCheck): Promise<ExpandedStart> {
    return checkedStart(this.#starts, start, upTo);
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
    this.#starts[Symbol.dispose]();
  }
}

async function checkedStart(
  decoder: MemberStartDecoder,
  start: Uint8Array,
  { end, checksum }: ContentCheck,
): Promise<ExpandedStart> {
  const pieces = await decoder.expand(start);
  if (pieces === undefined) {
    return { outcome: 'damaged' };
  }
  if (pieces.reduce((sum, { length }) => sum + length, 0) < end) {
    return { outcome: 'too short' };
  }
  const contents = Buffer.concat(pieces, end);
  return crc32(contents) === checksum ? { outcome: 'expanded', contents } : { outcome: 'damaged' };
}
