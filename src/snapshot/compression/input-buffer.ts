/** The first size of the buffer, bytes: most objects are deltas of some KiB. */
const small = 16 * 1024;

/** The next size, bytes: more than most members and frames of 512 KiB need. */
const usual = 256 * 1024;

/** The input of a decoder: small for a small object, as a store has thousands of them. */
export class InputBuffer {
  #bytes: Buffer<ArrayBuffer> = Buffer.alloc(0);

  /** Room for at least `size` bytes; what is there already stays. */
  of(size: number): Buffer<ArrayBuffer> {
    if (this.#bytes.length < size) {
      const larger = Buffer.allocUnsafeSlow(
        size <= small ? small : Math.max(usual, size, this.#bytes.length + usual / 2),
      );
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}

/** Bytes of the output buffer of a decoder where all that it gets, `size` bytes, is small; undefined where it is not. */
export function smallChunk(size: number): number | undefined {
  return size <= small ? 4 * small : undefined;
}
