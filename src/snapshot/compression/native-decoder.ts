import { loadNativeExpander, type NativeExpander, type NativeFormat } from './native-expander.ts';

/** Bytes of an output buffer that serves again: what a member or frame of ours holds. */
const usualRoom = 512 * 1024;

/** Expands members or frames one after the other with a native module, each into memory of its own or into two buffers that take turns. */
export class NativeDecoder {
  readonly #format: NativeFormat;
  readonly #reusesPieces: boolean;
  /** Memory that takes turns where pieces are reused. */
  readonly #outputs: [Buffer<ArrayBuffer>?, Buffer<ArrayBuffer>?] = [];
  /** Which of them holds what was given last. */
  #given: 0 | 1 = 0;
  #expander: Promise<NativeExpander | undefined> | undefined;

  /** With `reusesPieces` what is given is valid until the second one after it is expanded. */
  constructor(format: NativeFormat, { reusesPieces = false }: { readonly reusesPieces?: boolean | undefined } = {}) {
    this.#format = format;
    this.#reusesPieces = reusesPieces;
  }

  /**
   * Expands the first `size` bytes of the input, which must not be changed until the promise resolves. Undefined when they are not exactly
   * one sound member, or sound frames, of `contentSize` bytes, or the module cannot be loaded; others can follow.
   */
  async expand(
    input: Uint8Array,
    { size, contentSize }: { readonly size: number; readonly contentSize: number },
  ): Promise<readonly Uint8Array[] | undefined> {
    this.#expander ??= loadNativeExpander(this.#format);
    const expander = await this.#expander;
    if (expander === undefined) {
      return undefined;
    }
    const output = this.#output(contentSize);
    if ((await expander(input, size, output)) !== contentSize) {
      return undefined;
    }
    if (contentSize === 0) {
      return [];
    }
    // Not before: where nothing is given, what was given last has to live on.
    this.#given = this.#other;
    return [output.subarray(0, contentSize)];
  }

  /** Whether a piece is in memory that serves again. */
  reuses(piece: Uint8Array): boolean {
    return this.#outputs.some((output) => output?.buffer === piece.buffer);
  }

  get #other(): 0 | 1 {
    return this.#given === 0 ? 1 : 0;
  }

  #output(room: number): Buffer<ArrayBuffer> {
    if (!this.#reusesPieces) {
      return Buffer.allocUnsafeSlow(Math.max(1, room));
    }
    const kept = this.#outputs[this.#other];
    const output = kept !== undefined && kept.length >= room ? kept : Buffer.allocUnsafeSlow(Math.max(usualRoom, room));
    this.#outputs[this.#other] = output;
    return output;
  }
}
