/** A fixed number of equal buffers that go round: whoever wants one waits until one is given back. */
export class BufferPool {
  readonly #size: number;
  readonly #idle: Buffer[] = [];
  readonly #waiting: ((buffer: Buffer) => void)[] = [];
  #unmade: number;

  constructor(pool: {
    readonly count: number;
    /** Bytes of each. */
    readonly size: number;
  }) {
    this.#unmade = pool.count;
    this.#size = pool.size;
  }

  /** A buffer with whatever was left in it. Buffers are made only when none is idle. */
  take(): Promise<Buffer> {
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      return Promise.resolve(idle);
    }
    if (this.#unmade > 0) {
      this.#unmade -= 1;
      return Promise.resolve(Buffer.allocUnsafeSlow(this.#size));
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Returns a buffer that came from {@link take}. */
  give(buffer: Buffer): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#idle.push(buffer);
    } else {
      waiting(buffer);
    }
  }
}
