/** Characters that are printed at a time. */
const MOST_WAITING = 64 * 1024;

/** Prints many lines, a lot of them at a time, and waits until they are taken. */
export class LinePrinter {
  readonly #print: (text: string) => Promise<void>;
  #waiting = '';

  constructor(print: (text: string) => Promise<void>) {
    this.#print = print;
  }

  /** Adds lines. Throws what the printing throws. */
  async add(...lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      this.#waiting += `${line}\n`;
    }
    if (this.#waiting.length >= MOST_WAITING) {
      await this.end();
    }
  }

  /** Prints what waits. */
  async end(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '') {
      await this.#print(text);
    }
  }
}
