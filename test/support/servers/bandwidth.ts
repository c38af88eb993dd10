import { setTimeout as sleep } from 'node:timers/promises';

/** Less than this need not be waited for at once, ms: timers are not finer. */
const GRAIN = 4;

/** The rate of a line that all who use it share. */
export class Bandwidth {
  readonly #bytesPerMs: number;
  /** When the line has carried everything that was given to it, ms. */
  #freeAt = 0;

  constructor(line: { readonly bytesPerSecond: number }) {
    this.#bytesPerMs = line.bytesPerSecond / 1000;
  }

  /** Resolves when the line has carried so many more bytes. */
  async carry(bytes: number): Promise<void> {
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now) + bytes / this.#bytesPerMs;
    if (this.#freeAt - now > GRAIN) {
      await sleep(this.#freeAt - now);
    }
  }
}
