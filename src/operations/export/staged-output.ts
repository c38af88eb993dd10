import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../../fs/directories.ts';
import { fileFailure } from '../../fs/file-failure.ts';
import { syncDirectory } from '../../fs/sync.ts';
import { writeAll } from '../../fs/write-all.ts';
import { Failure } from '../../runtime/failure.ts';

/** Bytes that are written at a time. */
const MOST_WAITING = 256 * 1024;

/**
 * A new file (0600) that appears under its name when it is finished and not before; disposing an unfinished one removes it.
 * Throws a {@link Failure} `export_exists` where the name is taken, or what the file system says as one.
 */
export class StagedOutput implements AsyncDisposable {
  readonly #target: string;
  readonly #staged: string;
  readonly #handle: FileHandle;
  #waiting: Uint8Array[] = [];
  #size = 0;
  #isFinished = false;

  private constructor(target: string, staged: string, handle: FileHandle) {
    this.#target = target;
    this.#staged = staged;
    this.#handle = handle;
  }

  static async create(target: string): Promise<StagedOutput> {
    return await writing(target, async () => {
      await refuseExisting(target);
      await makeDirectories(path.dirname(path.resolve(target)));
      const staged = path.join(path.dirname(target), `.${path.basename(target)}.${process.pid}.part`);
      await rm(staged, { force: true });
      return new StagedOutput(target, staged, await open(staged, 'wx', 0o600));
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
    await writing(this.#target, async () => {
      await this.#handle.sync();
      await refuseExisting(this.#target);
      await rename(this.#staged, this.#target);
      this.#isFinished = true;
      await syncDirectory(path.dirname(path.resolve(this.#target)));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
    if (!this.#isFinished) {
      await rm(this.#staged, { force: true });
    }
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#size = 0;
    await writing(this.#target, () => writeAll(this.#handle, bytes));
  }
}

/** Makes a directory (0700) for an export; one that is there has to be empty. Throws a {@link Failure}. */
export async function makeExportDirectory(directory: string): Promise<void> {
  await writing(directory, async () => {
    await makeDirectories(path.dirname(path.resolve(directory)));
    const found = await stat(directory).catch(() => undefined);
    if (found?.isDirectory() === true && (await readdir(directory)).length === 0) {
      return;
    }
    await refuseExisting(directory);
    await mkdir(directory, { mode: 0o700 });
  });
}

async function refuseExisting(target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined);
  if (found !== undefined) {
    throw new Failure({
      code: 'export_exists',
      action: 'export to',
      object: target,
      found: found.isDirectory() ? 'there is a directory that is not empty' : 'it exists',
      remedy: 'remove it or give another path; nothing is overwritten',
    });
  }
}

async function writing<T>(object: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw fileFailure(error, { action: 'export to', object }) ?? error;
  }
}
