import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { makingEntry } from '../../fs/making-entry.ts';
import { removeLeftovers } from '../../fs/remove-leftovers.ts';
import { scratchOwner } from '../../fs/scratch-name.ts';
import { syncDirectory } from '../../fs/sync.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../../fs/temporary-directory.ts';
import { writeAll } from '../../fs/write-all.ts';
import { refuseExisting, writing } from './existing-target.ts';

/**
 * A new directory (0700) that appears under its name, with all its files, when it is finished and not before: a part of an export looks
 * like a whole one, and a new attempt would be refused. One that is there has to be empty, and stays the one it is: a volume may be mounted
 * there. Throws a Failure `export_exists` where the name is taken, or what the file system says as one.
 */
export class StagedDirectory implements AsyncDisposable {
  readonly #target: string;
  readonly #isThere: boolean;
  readonly #scratch: TemporaryDirectory;
  readonly #made = new Set<string>();

  private constructor(parts: {
    readonly target: string;
    readonly isThere: boolean;
    readonly scratch: TemporaryDirectory;
  }) {
    this.#target = parts.target;
    this.#isThere = parts.isThere;
    this.#scratch = parts.scratch;
  }

  static async create(target: string): Promise<StagedDirectory> {
    return await writing(target, async () => {
      const isThere = await isEmptyDirectory(target);
      if (!isThere) {
        await refuseExisting(target, { wanted: 'directory' });
      }
      const parent = isThere ? target : path.dirname(path.resolve(target));
      const scratch = await createTemporaryDirectory(parent, 'export');
      const staged = new StagedDirectory({ target, isThere, scratch });
      await makingEntry(() => mkdir(staged.#staged, { mode: 0o700 }));
      return staged;
    });
  }

  /** Where a file is until the directory is finished. `name` is below the directory. */
  at(name: string): string {
    return path.join(this.#staged, name);
  }

  /** Adds a whole file (0600). */
  async add(name: string, bytes: Uint8Array | string): Promise<void> {
    await writing(this.#target, async () => {
      const file = this.at(name);
      await makingEntry(() => mkdir(path.dirname(file), { recursive: true, mode: 0o700 }));
      this.#noteParents(name);
      const handle: FileHandle = await makingEntry(() => open(file, 'wx', 0o600));
      try {
        await writeAll(handle, typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }

  /**
   * Makes the directory durable under its name; of one that was there, `last` comes after all else. Throws a Failure `export_exists` where
   * something has come there meanwhile.
   */
  async finish(last?: string): Promise<void> {
    await writing(this.#target, async () => {
      for (const directory of this.#made) {
        await syncDirectory(this.at(directory));
      }
      await syncDirectory(this.#staged);
      if (this.#isThere) {
        if ((await readdir(this.#target)).some((name) => scratchOwner(name) === undefined)) {
          await refuseExisting(this.#target, { wanted: 'directory' });
        }
        const names = await readdir(this.#staged);
        for (const name of names.toSorted((a, b) => Number(a === last) - Number(b === last))) {
          await rename(this.at(name), path.join(this.#target, name));
        }
        await syncDirectory(this.#target);
        return;
      }
      await refuseExisting(this.#target, { wanted: 'directory' });
      await rename(this.#staged, this.#target);
      await syncDirectory(path.dirname(path.resolve(this.#target)));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#staged, { recursive: true, force: true });
    await this.#scratch[Symbol.asyncDispose]();
  }

  get #staged(): string {
    return path.join(this.#scratch.path, 'export');
  }

  #noteParents(name: string): void {
    for (let parent = path.dirname(name); parent !== '.' && !this.#made.has(parent); parent = path.dirname(parent)) {
      this.#made.add(parent);
    }
  }
}

/** What killed runs have left in it is removed before. */
async function isEmptyDirectory(target: string): Promise<boolean> {
  const found = await stat(target).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    return false;
  }
  await removeLeftovers(target);
  return (await readdir(target)).length === 0;
}
