import { fileURLToPath } from 'node:url';
import { loadAddon } from '../../runtime/process/native-addon.ts';

/** What the module exports, see `src/runtime/process/native/deflate.c`. */
interface NativeDeflate {
  begin(): object;
  member(compressor: object, block: Uint8Array, output: Uint8Array, how: Uint32Array): Promise<number>;
  end(compressor: object): void;
}

/** A member that was made. */
export interface DeflatedMember {
  /** Bytes of it in the output. */
  readonly size: number;
  /** Where in it the compressor began anew. */
  readonly flushedAt: readonly number[];
}

/** Makes gzip members one after the other with one compressor of zlib, each in one turn of a thread of libuv. */
export class NativeDeflater implements Disposable {
  readonly #native: NativeDeflate;
  readonly #compressor: object;

  private constructor(native: NativeDeflate) {
    this.#native = native;
    this.#compressor = native.begin();
  }

  /** Begins with one; undefined where the native module cannot be loaded. */
  static async begin(): Promise<NativeDeflater | undefined> {
    const addon = await loadAddon({
      asset: 'deflate.node',
      hasSubstitute: true,
      file: () =>
        fileURLToPath(
          new URL(`../../../.cache/native/deflate-${process.platform}-${process.arch}.node`, import.meta.url),
        ),
    });
    const { exports } = addon.loaded ? addon : { exports: undefined };
    return typeof exports === 'object' && exports !== null && 'member' in exports
      ? new NativeDeflater(exports as NativeDeflate)
      : undefined;
  }

  /**
   * Makes a member of all of `block`; neither array may be changed until the promise resolves. The compressor begins anew after each
   * `flushEach` bytes, 0 for never. Undefined where `output` has no room for it.
   */
  async member(
    block: Uint8Array,
    output: Uint8Array,
    { level, flushEach }: { readonly level: number; readonly flushEach: number },
  ): Promise<DeflatedMember | undefined> {
    const flushes = flushEach === 0 ? 0 : Math.max(0, Math.ceil(block.length / flushEach) - 1);
    const how = new Uint32Array(2 + flushes);
    how.set([level, flushEach]);
    const size = await this.#native.member(this.#compressor, block, output, how);
    return size < 0 ? undefined : { size, flushedAt: [...how.subarray(2)] };
  }

  [Symbol.dispose](): void {
    this.#native.end(this.#compressor);
  }
}
