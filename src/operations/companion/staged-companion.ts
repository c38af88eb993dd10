import { mkdir, readdir, rename, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories, removeEmptyDirectories } from '../../fs/directories.ts';
import { isErrno } from '../../fs/errno.ts';
import { fileFailure } from '../../fs/file-failure.ts';
import { PinnedDirectory } from '../../fs/pinned-directory.ts';
import { PrivateDirectory } from '../../fs/private-directory.ts';
import { Failure } from '../../runtime/failure.ts';
import { tryLockHandle } from '../../runtime/process/file-lock.ts';
import { removeLeftovers } from '../restore/staging-leftovers.ts';
import { stagingPrefix } from '../restore/staging-prefix.ts';

/**
 * A directory for companions that is not in its place yet: next to it, or in it when it exists (and is empty), as it may be a mount
 * point. Disposing removes what was not published.
 */
export class StagedCompanion implements AsyncDisposable {
  /** Where the files go; exists and is empty. */
  readonly files: string;
  /** What the user calls it. */
  readonly directory: string;
  readonly #place: PinnedDirectory;
  /** The name it gets; undefined when it exists. */
  readonly #name: string | undefined;
  readonly #held: AsyncDisposableStack;

  private constructor(directory: string, places: Places, held: AsyncDisposableStack) {
    this.directory = directory;
    this.files = places.files;
    this.#place = places.place;
    this.#name = places.name;
    this.#held = held;
  }

  /** Throws a {@link Failure} `companion_target` when the directory holds something, and those of the file system. */
  static async begin(directory: string): Promise<StagedCompanion> {
    await using held = new AsyncDisposableStack();
    const places = await inTarget(directory, async () => await prepare(path.resolve(directory), held));
    return new StagedCompanion(directory, places, held.move());
  }

  /** Puts the files in their place. Throws a {@link Failure} `companion_target` when something is there already. */
  async publish(): Promise<void> {
    await inTarget(this.directory, async () => {
      if (this.#name !== undefined) {
        await rename(this.files, this.#place.at(this.#name));
        return;
      }
      refuseUnlessEmpty(await visibleNames(this.#place), this.directory);
      for (const name of await readdir(this.files)) {
        await rename(path.join(this.files, name), this.#place.at(name));
      }
      await rmdir(this.files);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}

interface Places {
  readonly place: PinnedDirectory;
  readonly name: string | undefined;
  readonly files: string;
}

async function prepare(directory: string, held: AsyncDisposableStack): Promise<Places> {
  const existing = await PinnedDirectory.open(directory).catch((error: unknown) => {
    if (!isErrno(error, 'ENOENT')) {
      throw error;
    }
  });
  if (existing !== undefined) {
    held.use(existing);
    refuseUnlessEmpty(await visibleNames(existing), directory);
    return { place: existing, name: undefined, files: await stage(existing, undefined, held) };
  }
  const above = path.dirname(directory);
  const madeAbove = await makeDirectories(above);
  if (madeAbove !== undefined) {
    held.defer(() => removeEmptyDirectories(above, madeAbove));
  }
  const place = held.use(await PinnedDirectory.open(above));
  const name = path.basename(directory);
  return { place, name, files: await stage(place, name, held) };
}

async function stage(place: PinnedDirectory, name: string | undefined, held: AsyncDisposableStack): Promise<string> {
  const prefix = stagingPrefix(name);
  await removeLeftovers(place, prefix);
  const own = held.use(await PrivateDirectory.make(place, prefix));
  // So that other runs know that it is in use.
  await tryLockHandle(own.pinned.handle);
  await mkdir(own.at('files'), { mode: 0o700 });
  return own.at('files');
}

/** What is in a directory besides staging directories. */
async function visibleNames(directory: PinnedDirectory): Promise<readonly string[]> {
  return (await readdir(directory.path)).filter((name) => !name.startsWith(stagingPrefix(undefined)));
}

function refuseUnlessEmpty([first]: readonly string[], directory: string): void {
  if (first !== undefined) {
    throw occupied(directory, `it already contains ${first}`);
  }
}

function occupied(directory: string, found: string): Failure {
  return new Failure({
    code: 'companion_target',
    action: 'unpack companions into',
    object: directory,
    found,
    remedy: 'move it away or give another --companions directory',
  });
}

async function inTarget<T>(directory: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) {
      throw occupied(directory, 'something of this name has appeared there');
    }
    throw fileFailure(error, { action: 'unpack companions into', object: directory }) ?? error;
  }
}
