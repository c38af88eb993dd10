import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories, removeEmptyDirectories, syncMadeDirectories } from '../../fs/directories.ts';
import { isErrno } from '../../fs/errno.ts';
import { syncDirectory } from '../../fs/sync.ts';
import { Failure } from '../../runtime/failure.ts';

/**
 * Where a data directory is built until it is whole, and how it then takes its place in one rename.
 *
 * A data directory that does not exist is built next to it, as `DATADIR.part`. One that exists may be a mount point, which
 * cannot be replaced and whose neighbours are on another volume: then only `member` is built, inside, as `member.part`.
 * What a crashed run has left under these names is removed first.
 */
export class Staging implements AsyncDisposable {
  /** The `member` directory under construction; it exists and is empty. */
  readonly memberDir: string;
  /** Removed unless published. */
  readonly #part: string;
  /** What `#part` becomes. */
  readonly #target: string;
  /** The first directory above the target that had to be made. */
  readonly #madeAbove: string | undefined;
  #published = false;

  private constructor(places: { part: string; target: string; memberDir: string; madeAbove: string | undefined }) {
    this.#part = places.part;
    this.#target = places.target;
    this.memberDir = places.memberDir;
    this.#madeAbove = places.madeAbove;
  }

  /** Throws a {@link Failure} `data_dir_in_use` when the data directory already contains `member`. */
  static async begin(dataDir: string): Promise<Staging> {
    const resolved = path.resolve(dataDir);
    const adjacent = `${resolved}.part`;
    const inside = path.join(resolved, 'member.part');
    const present = await entries(resolved);
    if (present?.includes('member')) {
      throw new Failure({
        code: 'data_dir_in_use',
        action: 'restore into',
        object: resolved,
        found: 'it already contains member/',
        remedy: 'move it away or choose another --data-dir',
      });
    }
    await rm(adjacent, { recursive: true, force: true });
    if (present !== undefined) {
      await rm(inside, { recursive: true, force: true });
      await mkdir(inside, { mode: 0o700 });
      const target = path.join(resolved, 'member');
      return new Staging({ part: inside, target, memberDir: inside, madeAbove: undefined });
    }
    const madeAbove = await makeDirectories(path.dirname(resolved));
    const memberDir = path.join(adjacent, 'member');
    await mkdir(adjacent, { mode: 0o700 });
    await mkdir(memberDir, { mode: 0o700 });
    return new Staging({ part: adjacent, target: resolved, memberDir, madeAbove });
  }

  /** Makes every directory durable and puts the whole in its place. The files in it have to be durable already. */
  async publish(): Promise<void> {
    for (const directory of [path.join(this.memberDir, 'snap'), path.join(this.memberDir, 'wal'), this.memberDir]) {
      await syncDirectory(directory);
    }
    await syncDirectory(this.#part);
    await rename(this.#part, this.#target);
    this.#published = true;
    const parent = path.dirname(this.#target);
    await syncDirectory(parent);
    if (this.#madeAbove !== undefined) {
      await syncMadeDirectories(parent, this.#madeAbove);
    }
  }

  /** Removes everything again unless it was published. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#published) {
      return;
    }
    await rm(this.#part, { recursive: true, force: true });
    if (this.#madeAbove !== undefined) {
      await removeEmptyDirectories(path.dirname(this.#target), this.#madeAbove);
    }
  }
}

async function entries(directory: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}
