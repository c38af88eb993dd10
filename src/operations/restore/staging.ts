import type { FileHandle } from 'node:fs/promises';
import { lstat, mkdir, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import type { RunLock } from '../../datadir/run-lock.ts';
import { makeDirectories, removeEmptyDirectories, syncMadeDirectories } from '../../fs/directories.ts';
import { isErrno } from '../../fs/errno.ts';
import { makingEntry } from '../../fs/making-entry.ts';
import { openDirectory, type PinnedDirectory } from '../../fs/pinned-directory.ts';
import { PrivateDirectory } from '../../fs/private-directory.ts';
import { isSameFile } from '../../fs/same-file.ts';
import { syncDirectory } from '../../fs/sync.ts';
import { Failure } from '../../runtime/failure.ts';
import { tryLockHandle } from '../../runtime/process/file-lock.ts';
import { removeLeftovers } from './staging-leftovers.ts';
import { stagingPrefix } from './staging-prefix.ts';

/**
 * Where a data directory is built until it is whole, and how it then takes its place in one rename.
 *
 * A data directory that does not exist is built next to it. One that exists may be a mount point, which cannot be replaced and whose
 * neighbours are on another volume: then only `member` is built, inside. Either way in a private directory with a random name, so that no
 * other user can reach what is being written; what killed runs have left of this kind is removed first.
 */
export class Staging implements AsyncDisposable {
  /** The `member` directory under construction; it exists and is empty. */
  readonly memberDir: string;
  readonly #lock: RunLock;
  /** Where the target will be. */
  readonly #place: PinnedDirectory;
  readonly #private: PrivateDirectory;
  /** The name of what is built, in the private directory, and of what it becomes, in its place. */
  readonly #names: { readonly built: string; readonly target: string };
  readonly #built: FileHandle;

  private constructor(
    lock: RunLock,
    places: {
      readonly place: PinnedDirectory;
      readonly private: PrivateDirectory;
      readonly names: { readonly built: string; readonly target: string };
      readonly built: FileHandle;
      readonly memberDir: string;
    },
  ) {
    this.#lock = lock;
    this.#place = places.place;
    this.#private = places.private;
    this.#names = places.names;
    this.#built = places.built;
    this.memberDir = places.memberDir;
  }

  /** Throws a {@link Failure} `data_dir_in_use` when the data directory already contains `member`. */
  static async begin(lock: RunLock): Promise<Staging> {
    const { directory } = lock;
    const place = directory ?? lock.parent;
    if (place === undefined) {
      // Nobody may write there; this says why.
      const made = await makeDirectories(lock.dataDir);
      if (made !== undefined) {
        await removeEmptyDirectories(lock.dataDir, made);
      }
      throw new Failure({
        code: 'denied',
        action: 'restore into',
        object: lock.dataDir,
        found: 'the directory above it cannot be read',
        remedy: 'check its owner and mode',
      });
    }
    const target = directory === undefined ? path.basename(lock.dataDir) : 'member';
    if (directory !== undefined && (await readdir(directory.path)).includes('member')) {
      throw inUse(lock.dataDir);
    }
    const prefix = stagingPrefix(directory === undefined ? target : undefined);
    await removeLeftovers(place, prefix);
    await using begun = new AsyncDisposableStack();
    const own = begun.use(await PrivateDirectory.make(place, prefix));
    // So that other runs know that it is in use.
    await tryLockHandle(own.pinned.handle);
    const built = directory === undefined ? 'data' : 'member';
    await makingEntry(() => mkdir(own.at(built), { mode: 0o700 }));
    const memberDir = directory === undefined ? own.at(built, 'member') : own.at(built);
    if (directory === undefined) {
      await makingEntry(() => mkdir(memberDir, { mode: 0o700 }));
    }
    const handle = begun.adopt(await openDirectory(own.at(built)), (opened) => opened.close());
    begun.move();
    return new Staging(lock, { place, private: own, names: { built, target }, built: handle, memberDir });
  }

  /**
   * Gives what was built to the owner of the place, makes every directory durable and puts the whole in its place. The files in it
   * have to be durable already. Throws a {@link Failure} `data_dir_changed` when the place is another one now.
   */
  async publish(): Promise<void> {
    const from = this.#private.at(this.#names.built);
    const to = this.#place.at(this.#names.target);
    await this.#lock.give(from);
    for (const directory of [path.join(this.memberDir, 'snap'), path.join(this.memberDir, 'wal'), this.memberDir]) {
      await syncDirectory(directory).catch(unlessMissing);
    }
    await syncDirectory(from);
    await this.#lock.checkPlace();
    if (this.#lock.directory === undefined) {
      // From the moment it is there, other runs lock the directory itself.
      await this.#lock.lockToo(this.#built);
    }
    await this.#rename(from, to);
    await syncDirectory(this.#place.path);
    if (this.#lock.madeAbove !== undefined) {
      await syncMadeDirectories(path.dirname(this.#lock.dataDir), this.#lock.madeAbove);
    }
  }

  /** Removes everything again unless it was published. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#built.close();
    } finally {
      await this.#private[Symbol.asyncDispose]();
    }
  }

  async #rename(from: string, to: string): Promise<void> {
    const built = await this.#built.stat({ bigint: true });
    try {
      await rename(from, to);
    } catch (error) {
      // Somebody has begun a member there; an empty directory would have been replaced.
      throw isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR') ? inUse(this.#lock.dataDir) : error;
    }
    if (!isSameFile(await lstat(to, { bigint: true }), built)) {
      throw new Failure({
        code: 'data_dir_changed',
        action: 'restore into',
        object: this.#lock.dataDir,
        found: 'what was built there was exchanged',
        remedy: 'remove it, and try again where nothing else writes',
      });
    }
  }
}

/** The log may have a directory of its own. */
function unlessMissing(error: unknown): void {
  if (!isErrno(error, 'ENOENT')) {
    throw error;
  }
}

function inUse(dataDir: string): Failure {
  return new Failure({
    code: 'data_dir_in_use',
    action: 'restore into',
    object: dataDir,
    found: 'it already contains member/',
    remedy: 'stop the etcd that runs on it, if one does, and move it away, or choose another --data-dir',
  });
}
