import { Semaphore, type SemaphoreWait } from '../../runtime/async/semaphore.ts';

/** The place of a buffer while an inspection has it. */
export const noBuffer: Buffer = Buffer.alloc(0);

/** A buffer is counted in fractions of a whole one, this many to the whole. */
const FRACTIONS = 1024;

/** Which buffer {@link BufferPool.take} lends, bytes. */
export interface BufferSize {
  /** As large as is needed, at most that of a whole one. */
  readonly size: number;
  /** The size of whole ones. */
  readonly whole: number;
}

/** A buffer that is in use. */
export interface LentBuffer {
  /** Not cleared. May be replaced by another of the same size, or by {@link noBuffer} when it is lost. */
  bytes: Buffer;
  /** Nothing more will be put into it, so that another may be filled. */
  filled(): void;
  /** Gives it back; once. */
  give(): void;
}

/**
 * A bounded number of buffers that the uploads of a store take in turns. When all are in use, the next upload waits; a small
 * buffer counts as a fraction of a whole one.
 * At most half of them are being filled at a time: if all were filled at once, nothing would be sent meanwhile, and then
 * nothing read while all are sent.
 * A holder must be able to give its buffer back without taking another.
 */
export class BufferPool {
  readonly #semaphore: Semaphore;
  readonly #filling: Semaphore;
  #idle: Buffer[] = [];
  #users = 0;

  constructor(pool: { readonly count: number }) {
    this.#semaphore = new Semaphore(pool.count * FRACTIONS);
    this.#filling = new Semaphore(Math.max(1, Math.floor(pool.count / 2)) * FRACTIONS);
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

  /** Lends a buffer of the wanted size. Rejects with the signal's reason. */
  async take({ size, whole }: BufferSize, wait: Omit<SemaphoreWait, 'amount'>): Promise<LentBuffer> {
    const amount = Math.max(1, Math.ceil((size / whole) * FRACTIONS));
    await this.#filling.take({ ...wait, amount });
    let filling = true;
    try {
      await this.#semaphore.take({ ...wait, amount });
    } catch (error) {
      this.#filling.give(amount);
      throw error;
    }
    const lent: LentBuffer = {
      bytes: size === whole ? this.#whole(whole) : Buffer.allocUnsafeSlow(size),
      filled: () => {
        if (filling) {
          filling = false;
          this.#filling.give(amount);
        }
      },
      give: () => {
        if (amount === FRACTIONS && lent.bytes.length === whole) {
          this.#idle.push(lent.bytes);
        }
        this.#semaphore.give(amount);
        lent.filled();
      },
    };
    return lent;
  }

  #whole(size: number): Buffer {
    const idle = this.#idle.pop();
    return idle?.length === size ? idle : Buffer.allocUnsafeSlow(size);
  }
}
