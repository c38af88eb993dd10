import { GzipMemberDecoder } from '../snapshot/compression/gzip-member-decoder.ts';
import { frameHeader, LONGEST_FRAME_HEADER } from '../snapshot/compression/zstd-frame.ts';
import { ZstdFrameDecoder } from '../snapshot/compression/zstd-frame-decoder.ts';
import type { Compression } from '../snapshot/snapshot.ts';

/** Expands members of gzip objects or frames of zstd objects, one after the other, with one decompressor. */
export interface MemberExpander extends Disposable {
  /**
   * What a member expands to, in pieces; undefined when that is not `size` bytes with the checksum that the member says. No other can
   * follow then.
   */
  expand(member: Uint8Array, size: number): Promise<readonly Uint8Array[] | undefined>;
}

/** An expander for an object that has an index. */
export function memberExpander(compression: Compression): MemberExpander {
  return compression === 'zstd' ? new FrameExpander() : new GzipExpander();
}

class GzipExpander implements MemberExpander {
  readonly #decoder = new GzipMemberDecoder();

  async expand(member: Uint8Array, size: number): Promise<readonly Uint8Array[] | undefined> {
    this.#decoder.input(member.length).set(member);
    const pieces = await this.#decoder.expand(member.length);
    return pieces?.reduce((sum, { length }) => sum + length, 0) === size ? pieces : undefined;
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
  }
}

class FrameExpander implements MemberExpander {
  readonly #decoder = new ZstdFrameDecoder();

  async expand(frame: Uint8Array, size: number): Promise<readonly Uint8Array[] | undefined> {
    const input = this.#decoder.input(Math.max(frame.length, LONGEST_FRAME_HEADER));
    input.set(frame);
    const { contentSize, hasChecksum, needsDictionary } = frameHeader(input);
    if (contentSize !== size || !hasChecksum || needsDictionary) {
      return undefined;
    }
    const expanded = await this.#decoder.expand({ size: frame.length, contentSize });
    return expanded.outcome === 'expanded' ? expanded.pieces : undefined;
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
  }
}
