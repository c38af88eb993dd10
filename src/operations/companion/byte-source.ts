import { TarDamage } from './tar-header.ts';

/** Takes a stream apart into pieces of wanted sizes. */
export class ByteSource {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Exactly `size` bytes in one piece. Throws a {@link TarDamage} when the stream ends before. */
  async take(size: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.stream(size)) {
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  /** Exactly `size` bytes as they come. Throws a {@link TarDamage} when the stream ends before. */
  async *stream(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (this.#rest.length === 0) {
        const next = await this.#source.next();
        if (next.done === true) {
          throw new TarDamage('it ends too early');
        }
        this.#rest = next.value;
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }
}
