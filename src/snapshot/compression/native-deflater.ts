import { nativeExports } from '../../runtime/process/native-module.ts';

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
    const native = await nativeExports<NativeDeflate>('deflate', 'member', { hasSubstitute: true });
    return native === undefined ? undefined : new NativeDeflater(native);
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
