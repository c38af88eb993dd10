import { constants, type FileHandle, open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { type FileIdentity, isSameFile } from './same-file.ts';

/** O_PATH of Linux, which Node does not name: a place to go on from, without the right to read it. */
const O_PATH = 0o10000000;

/** There is no `/proc` to hold on to directories by. */
export class NoProc extends Error {
  constructor() {
    super('/proc is not mounted, by which root holds on to the directories that it works in');
    this.name = 'NoProc';
  }
}

/** The user and the group a file belongs to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * A directory held by an open handle. What is done through {@link path} happens in this directory, even when its name leads to another
 * directory or a link since: below a directory of another user no name can be trusted twice.
 *
 * The kernel resolves `/proc/self/fd/N` to the open directory. Where there is no such path (other systems than Linux), `path` is the name.
 */
export class PinnedDirectory implements AsyncDisposable {
  /** Absolute, without links: for messages, and to compare with. */
  readonly name: string;
  /** The same directory as a path to work through. */
  readonly path: string;
  readonly handle: FileHandle;
  readonly identity: FileIdentity;
  readonly owner: Owner;

  private constructor(name: string, opened: Opened, workPath: string) {
    this.name = name;
    this.path = workPath;
    this.handle = opened.handle;
    this.identity = opened.identity;
    this.owner = opened.owner;
  }

  /** Opens a directory. Links that lead to it are followed as they are now. Throws what the operating system says. */
  static async open(directory: string): Promise<PinnedDirectory> {
    const name = await realpath(directory);
    return await PinnedDirectory.#pin(name, await openWithoutLinks(name));
  }

  /** Opens a directory in this one; a link of that name is refused. */
  async child(name: string): Promise<PinnedDirectory> {
    return await PinnedDirectory.#pin(path.join(this.name, name), await openDirectory(this.at(name)));
  }

  /** The path of an entry of this directory. */
  at(...names: readonly string[]): string {
    return path.join(this.path, ...names);
  }

  /** True when the name still leads to this directory. */
  async isInPlace(): Promise<boolean> {
    const now = await stat(this.name, { bigint: true }).catch(() => undefined);
    return now !== undefined && isSameFile(now, this.identity);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
  }

  static async #pin(name: string, handle: FileHandle): Promise<PinnedDirectory> {
    try {
      const { dev, ino, uid, gid } = await handle.stat({ bigint: true });
      const opened = { handle, identity: { dev, ino }, owner: { uid: Number(uid), gid: Number(gid) } };
      return new PinnedDirectory(name, opened, (await pathOf(handle, opened.identity)) ?? name);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }
}

interface Opened {
  readonly handle: FileHandle;
  readonly identity: FileIdentity;
  readonly owner: Owner;
}

/** The path that leads to what `handle` has open, whatever happens to its name; undefined where the system has none. */
export async function pathOf(handle: FileHandle, identity: FileIdentity): Promise<string | undefined> {
  const fixed = `/proc/self/fd/${handle.fd}`;
  const found = process.platform === 'linux' ? await stat(fixed, { bigint: true }).catch(() => undefined) : undefined;
  return found !== undefined && isSameFile(found, identity) ? fixed : undefined;
}

/** Opens a directory for reading; a link in its place is refused with `ENOTDIR` or `ELOOP`. */
export function openDirectory(directory: string): Promise<FileHandle> {
  return open(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/** Opens a path without links name by name, so that none that was put there meanwhile is followed. */
async function openWithoutLinks(name: string): Promise<FileHandle> {
  const names = path.relative('/', name).split('/').filter(Boolean);
  if (process.platform !== 'linux' || process.geteuid?.() !== 0 || names.length === 0) {
    return await openDirectory(name);
  }
  let at: FileHandle | undefined;
  try {
    for (const [position, part] of names.entries()) {
      const below = at === undefined ? '/' : `/proc/self/fd/${at.fd}`;
      const next =
        position === names.length - 1
          ? await openDirectory(path.join(below, part))
          : await open(path.join(below, part), O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      const above = at;
      at = next;
      await above?.close();
    }
    return at ?? (await openDirectory(name));
  } catch (error) {
    await at?.close();
    throw (await isThere('/proc/self/fd')) ? error : new NoProc();
  }
}

async function isThere(name: string): Promise<boolean> {
  return await stat(name).then(
    () => true,
    () => false,
  );
}
