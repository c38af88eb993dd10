import { Slots, type SlotWait } from '../../runtime/slots.ts';

/**
 * Buffers that go round among the uploads of a store: whoever wants one waits while as many as there may be are in use.
 * Whoever holds one must be able to give it back without another.
 */
export class BufferPool {
  readonly #slots: Slots;
  #idle: Buffer[] = [];
  #users = 0;

  constructor(pool: { readonly count: number }) {
    this.#slots = new Slots(pool.count);
  }

  /** Runs `work`, which takes buffers. Idle ones are kept only as long as something runs. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      return await work();
    } finally {
      this.#users -= 1;
      if (this.#users === 0) {
        this.#idle = [];
      }
    }
  }

  /** A buffer of `size` bytes with whatever was left in it. Rejects with the signal's reason. */
  async take(size: number, wait: SlotWait): Promise<Buffer> {
    await this.#slots.take(wait);
    const idle = this.#idle.pop();
    return idle?.length === size ? idle : Buffer.allocUnsafeSlow(size);
  }

  /** Returns a buffer that came from {@link take}, or nothing in place of one that was lost. */
  give(buffer: Buffer | undefined): void {
    if (buffer !== undefined) {
      this.#idle.push(buffer);
    }
    this.#slots.give();
  }
}
