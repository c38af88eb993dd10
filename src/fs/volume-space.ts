import { statfs } from 'node:fs/promises';
import { formatBytes } from '../runtime/log/amount.ts';
import { isErrno } from './errno.ts';
import { lacksInodes, noInodes } from './inodes.ts';

/** A write failed because the volume or a quota is full. Its code is that of the error that caused it. */
export class NoSpaceLeft extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly errno: number;
  /** Undefined where more room helps. */
  readonly remedy: string | undefined;

  /** `message` is a sentence without its full stop: what was found. */
  constructor(message: string, cause: NodeJS.ErrnoException, remedy?: string) {
    super(message, { cause });
    this.name = 'NoSpaceLeft';
    this.code = cause.code ?? 'ENOSPC';
    this.syscall = cause.syscall ?? 'write';
    this.errno = cause.errno ?? 0;
    this.remedy = remedy;
  }
}

/** The free space of a volume when a write began, and how much the write needs: what a message about a full volume says. */
export class VolumeSpace {
  readonly #free: number | undefined;
  #needed = 0;

  private constructor(free: number | undefined) {
    this.#free = free;
  }

  /** Reads the free space of the volume of `directory`, which exists. */
  static async in(directory: string): Promise<VolumeSpace> {
    const facts = await statfs(directory).catch(() => undefined);
    return new VolumeSpace(facts === undefined ? undefined : facts.bavail * facts.bsize);
  }

  /** At least `bytes` will be written. */
  expect(bytes: number): void {
    this.#needed = Math.max(this.#needed, bytes);
  }

  /**
   * Runs a step that writes. Throws a {@link NoSpaceLeft} when the volume or a quota is full; `measure` then gives the bytes that were
   * written, where their number was not known before.
   */
  async writing<T>(step: () => Promise<T>, measure?: () => Promise<number>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (error instanceof NoSpaceLeft || !isErrno(error, 'ENOSPC', 'EDQUOT')) {
        throw error;
      }
      if (lacksInodes(error)) {
        throw new NoSpaceLeft(noInodes.found, error, noInodes.remedy);
      }
      this.expect((await measure?.().catch(() => 0)) ?? 0);
      throw new NoSpaceLeft(this.#found(isErrno(error, 'EDQUOT')), error);
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
