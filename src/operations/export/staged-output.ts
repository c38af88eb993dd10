import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories, removeEmptyDirectories } from '../../fs/directories.ts';
import { makingIn } from '../../fs/no-new-files.ts';
import { removeLeftovers } from '../../fs/remove-leftovers.ts';
import { keepAlive } from '../../fs/scratch-life.ts';
import { scratchName } from '../../fs/scratch-name.ts';
import { syncDirectory } from '../../fs/sync.ts';
import { writeAll } from '../../fs/write-all.ts';
import { refuseExisting, writing } from './existing-target.ts';

/** Bytes that are written at a time. */
const MOST_WAITING = 256 * 1024;

/**
 * A new file (0600) that appears under its name when it is finished and not before; disposing an unfinished one removes it, and the
 * directories that were made for it. Throws a Failure `export_exists` where the name is taken, or what the file system says as one.
 */
export class StagedOutput implements AsyncDisposable {
  readonly #target: string;
  readonly #named: string;
  readonly #staged: string;
  readonly #handle: FileHandle;
  /** What comes first may be hours of reading. */
  readonly #life: AsyncDisposable;
  /** The topmost directory that was made for it. */
  readonly #topmost: string | undefined;
  #waiting: Uint8Array[] = [];
  #size = 0;
  #isFinished = false;

  private constructor(parts: {
    readonly target: string;
    readonly named: string;
    readonly staged: string;
    readonly handle: FileHandle;
    readonly topmost: string | undefined;
  }) {
    this.#target = parts.target;
    this.#named = parts.named;
    this.#staged = parts.staged;
    this.#handle = parts.handle;
    this.#life = keepAlive((time) => parts.handle.utimes(time, time));
    this.#topmost = parts.topmost;
  }

  /** `named` is the path that messages show. */
  static async create(target: string, { named = target }: { readonly named?: string } = {}): Promise<StagedOutput> {
    return await writing(named, async () => {
      await refuseExisting(target, { wanted: 'file' });
      const directory = path.dirname(path.resolve(target));
      const topmost = await makeDirectories(directory);
      await removeLeftovers(directory);
      const staged = path.join(directory, scratchName('export'));
      const handle = await makingIn({ path: directory }, () => open(staged, 'wx', 0o600));
      return new StagedOutput({ target, named, staged, handle, topmost });
    });
  }

  async write(bytes: Uint8Array | string): Promise<void> {
    const part = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.#waiting.push(part);
    this.#size += part.length;
    if (this.#size >= MOST_WAITING) {
      await this.#flush();
    }
  }

  /** Makes the file durable under its name. */
  async finish(): Promise<void> {
    await this.#flush();
    await writing(this.#named, async () => {
      await this.#handle.sync();
      await refuseExisting(this.#target, { wanted: 'file' });
      await rename(this.#staged, this.#target);
      this.#isFinished = true;
      await syncDirectory(path.dirname(this.#staged));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life[Symbol.asyncDispose]();
    await this.#handle.close();
    if (!this.#isFinished) {
      await rm(this.#staged, { force: true });
      if (this.#topmost !== undefined) {
        await removeEmptyDirectories(path.dirname(this.#staged), this.#topmost);
      }
    }
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#size = 0;
    await writing(this.#named, () => writeAll(this.#handle, bytes));
  }
}
