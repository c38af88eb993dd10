/** Characters of a batch. */
const MOST_WAITING = 64 * 1024;

/** Prints lines in batches and waits until each batch is taken. */
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

  /** Prints the last batch. */
  async end(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '') {
      await this.#print(text);
    }
  }
}
