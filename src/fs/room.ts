import { statfs } from 'node:fs/promises';
import { formatBytes } from '../runtime/log/amount.ts';
import { isErrno } from './errno.ts';

/** A write that the volume has no room for, with what is known of it. It has the code of the error that caused it. */
export class NoRoom extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly errno: number;

  /** `message` is a sentence without its full stop: what was found. */
  constructor(message: string, cause: NodeJS.ErrnoException) {
    super(message, { cause });
    this.name = 'NoRoom';
    this.code = cause.code ?? 'ENOSPC';
    this.syscall = cause.syscall ?? 'write';
    this.errno = cause.errno ?? 0;
  }
}

/** How much room a volume had when a write began, and how much that needs. */
export class Room {
  readonly #free: number | undefined;
  #needed = 0;

  private constructor(free: number | undefined) {
    this.#free = free;
  }

  /** Looks how much is free in a directory, which exists. */
  static async in(directory: string): Promise<Room> {
    const facts = await statfs(directory).catch(() => undefined);
    return new Room(facts === undefined ? undefined : facts.bavail * facts.bsize);
  }

  /** What is written has at least so many bytes. */
  expect(bytes: number): void {
    this.#needed = Math.max(this.#needed, bytes);
  }

  /**
   * Runs a step that writes. Throws a {@link NoRoom} where the volume or a quota is full. `measure` is asked then for the bytes that
   * were written, where nothing is known before.
   */
  async writing<T>(step: () => Promise<T>, measure?: () => Promise<number>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (error instanceof NoRoom || !isErrno(error, 'ENOSPC', 'EDQUOT')) {
        throw error;
      }
      this.expect((await measure?.().catch(() => 0)) ?? 0);
      throw new NoRoom(this.#found(isErrno(error, 'EDQUOT')), error);
    }
  }

  #found(isQuota: boolean): string {
    const what = isQuota ? 'the disk quota is used up' : 'no space is left on the volume';
    const needed = `at least ${formatBytes(this.#needed)} are needed`;
    // A quota may allow less than is free.
    if (this.#free === undefined || isQuota) {
      return this.#needed > 0 ? `${what}: ${needed}` : what;
    }
    const free = `${formatBytes(this.#free)} were free`;
    // Others may have used some of it.
    return `${what}: ${this.#needed > this.#free ? `${needed}, ${free}` : `${free} at the beginning, and are used up`}`;
  }
}
