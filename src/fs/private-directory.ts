import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { isErrno } from './errno.ts';
import { makingIn } from './no-new-files.ts';
import type { PinnedDirectory } from './pinned-directory.ts';
import { emptyDirectory } from './remove-tree.ts';

/** Names of private directories: a prefix, the process id, a random number. */
const SUFFIX = /^(\d+)-[0-9a-f]{16}$/;

/**
 * A new directory (0700) with a name that nobody can guess, in which no other user can change anything, even where the directory around it
 * belongs to another user. Work in it through {@link path}. Disposing removes it with all in it.
 */
export class PrivateDirectory implements AsyncDisposable {
  /** Through which all work in it goes. */
  readonly pinned: PinnedDirectory;
  readonly #parent: PinnedDirectory;
  readonly #name: string;

  private constructor(parent: PinnedDirectory, name: string, pinned: PinnedDirectory) {
    this.#parent = parent;
    this.#name = name;
    this.pinned = pinned;
  }

  /** Makes one whose name begins with `prefix`. Throws what the operating system says. */
  static async make(parent: PinnedDirectory, prefix: string): Promise<PrivateDirectory> {
    return await PrivateDirectory.makeNamed(parent, `${prefix}${process.pid}-${randomBytes(8).toString('hex')}`);
  }

  /** Makes one with a name that the caller has made up. Throws what the operating system says. */
  static async makeNamed(parent: PinnedDirectory, name: string): Promise<PrivateDirectory> {
    await makingIn(parent, () => mkdir(parent.at(name), { mode: 0o700 }));
    const pinned = await parent.child(name);
    try {
      const { uid, mode } = await pinned.handle.stat();
      if (uid !== (process.geteuid?.() ?? uid) || (mode & 0o077) !== 0 || (await readdir(pinned.path)).length > 0) {
        throw new Error(`${pinned.name} was exchanged by somebody else the moment it was made`);
      }
    } catch (error) {
      await pinned[Symbol.asyncDispose]();
      // Empty, or not ours.
      await rmdir(parent.at(name)).catch(() => undefined);
      throw error;
    }
    return new PrivateDirectory(parent, name, pinned);
  }

  /** The path of an entry. */
  at(...names: readonly string[]): string {
    return this.pinned.at(...names);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await emptyDirectory(this.pinned.path);
      await rmdir(this.#parent.at(this.#name)).catch((error: unknown) => {
        // It was moved, or something else is in its place, which is not ours to remove.
        if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST')) {
          throw error;
        }
      });
    } finally {
      await this.pinned[Symbol.asyncDispose]();
    }
  }
}

/** Names in `names` that {@link PrivateDirectory.make} gives with this prefix, and the processes that gave them. */
export function privateNames(
  names: readonly string[],
  prefix: string,
): readonly { readonly name: string; readonly pid: number }[] {
  return names.flatMap((name) => {
    const [, pid] = name.startsWith(prefix) ? (SUFFIX.exec(name.slice(prefix.length)) ?? []) : [];
    return pid === undefined ? [] : [{ name, pid: Number(pid) }];
  });
}
