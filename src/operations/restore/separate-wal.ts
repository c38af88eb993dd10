import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { RunLock } from '../../datadir/run-lock.ts';
import { formatSegmentName } from '../../datadir/wal/segment-name.ts';
import { makeDirectories, removeEmptyDirectories } from '../../fs/directories.ts';
import { isErrno } from '../../fs/errno.ts';
import { nearestExisting } from '../../fs/existing-directory.ts';
import { fileFailure } from '../../fs/file-failure.ts';
import { giveTree } from '../../fs/give-tree.ts';
import { openFile } from '../../fs/open-file.ts';
import { type Owner, PinnedDirectory } from '../../fs/pinned-directory.ts';
import { removeTree } from '../../fs/remove-tree.ts';
import { isSameFile } from '../../fs/same-file.ts';
import { syncDirectory } from '../../fs/sync.ts';
import { writeAll } from '../../fs/write-all.ts';
import { actingAs } from '../../runtime/process/acting-as.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { outdatedAside } from './moved-aside-names.ts';

/** The only segment of a new log. */
const SEGMENT = formatSegmentName({ sequence: 0, index: 0 });
/** Its name while it is written, and when it is whole and waits for the member that it belongs to. etcd passes over both. */
const PART = `${SEGMENT}.part`;
const NEXT = `${SEGMENT}.next-`;
/** A file of this name in `member` holds what follows in the name of the log that it waits for. */
const WAITS = 'waits-for-log';
const COPIED_AT_ONCE = 1024 * 1024;

/** Names of logs that were set aside begin with this. */
export const WAL_ASIDE = 'invalid-';

/**
 * The directory of etcd's `--wal-dir`, which holds the log of a member apart from its data directory, mostly on another volume. So
 * both cannot take their places in one rename. The log of a restored member goes through these steps, in the directory itself,
 * which may be a mount point:
 *
 *   1. {@link stage}: the segment is written and gets the name `….wal.next-ID`: from now on it is whole. The member was built before,
 *      and holds a file with the same ID.
 *   2. {@link setAside}: the segments of the old log go into `invalid-TIME/`, before the new member appears
 *   3. the member takes its place
 *   4. {@link publish}: `….wal.next-ID` becomes `….wal`, and the file with the ID is removed
 *
 * So a log is never next to a db that it does not belong to. What was interrupted after step 1 is finished by the next run.
 */
export class SeparateWal implements AsyncDisposable {
  /** Absolute, without links. */
  readonly name: string;
  readonly #directory: PinnedDirectory;
  /** The topmost directory that was made for it; undefined when all existed. */
  readonly #made: string | undefined;
  #staged: string | undefined;

  private constructor({ pinned, made }: OpenedPlace) {
    this.name = pinned.name;
    this.#directory = pinned;
    this.#made = made;
  }

  /**
   * Opens the directory and locks it, too: it may be that of another data directory by mistake. One that is missing is made (0700): by the
   * owner of the place, and where that is root given to the owner of the data directory. Throws a Failure `data_dir_busy`.
   */
  static async open(walDir: string, { lock }: { readonly lock: RunLock }): Promise<SeparateWal> {
    const directory = path.resolve(walDir);
    const place = await opened(directory, lock);
    const { pinned } = place;
    try {
      if (lock.directory === undefined || !isSameFile(pinned.identity, lock.directory.identity)) {
        await lock.lockToo(pinned.handle);
      }
      return new SeparateWal(place);
    } catch (error) {
      await pinned[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Whether etcd would find a log there. */
  async holdsLog(): Promise<boolean> {
    return (await this.#names()).some(isSegment);
  }

  /**
   * Takes the log out of `memberDir`, the `member` directory of a new member, in which it was built as `wal`. Nothing of it remains after a
   * failure.
   */
  async stage(memberDir: string): Promise<void> {
    try {
      await this.#stage(memberDir);
    } catch (error) {
      await this.discard();
      throw fileFailure(error, { action: 'write the log into', object: this.name }) ?? error;
    }
  }

  async #stage(memberDir: string): Promise<void> {
    const built = path.join(memberDir, 'wal');
    await this.discard();
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const target = await open(this.#directory.at(PART), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await copySparse(path.join(built, SEGMENT), target);
      const { uid, gid } = this.#directory.owner;
      if (process.geteuid?.() === 0 && uid !== 0) {
        await target.chown(uid, gid);
      }
      await target.sync();
    } finally {
      await target.close();
    }
    const id = randomBytes(8).toString('hex');
    const mark = await open(path.join(memberDir, WAITS), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await mark.writeFile(id);
      await mark.sync();
    } finally {
      await mark.close();
    }
    await removeTree(built);
    await syncDirectory(memberDir);
    this.#staged = `${NEXT}${id}`;
    await rename(this.#directory.at(PART), this.#directory.at(this.#staged));
    await syncDirectory(this.#directory.path);
  }

  /** Whether a log waits, since an interrupted run, for the member in this directory; {@link publish} then makes it its log. */
  async waitsFor(memberDir: string): Promise<boolean> {
    const id = await readMark(path.join(memberDir, WAITS)).catch((error: unknown) => {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) {
        return undefined;
      }
      throw error;
    });
    this.#staged = (await this.#names()).find((name) => name === `${NEXT}${id}`);
    return this.#staged !== undefined;
  }

  /** Moves the segments of the old log into a directory of this name. Gives its path, undefined when there is none. */
  async setAside(name: string): Promise<string | undefined> {
    const names = (await this.#names()).filter((each) => isSegment(each) || each.endsWith('.wal.broken'));
    if (!names.some(isSegment)) {
      return undefined;
    }
    await mkdir(this.#directory.at(name), { mode: 0o700 }).catch((error: unknown) => {
      if (!isErrno(error, 'EEXIST')) {
        throw error;
      }
    });
    const { uid, gid } = this.#directory.owner;
    await using aside = await this.#directory.child(name);
    if (process.geteuid?.() === 0 && uid !== 0) {
      await aside.handle.chown(uid, gid);
    }
    for (const each of names) {
      await rename(this.#directory.at(each), aside.at(each));
    }
    await syncDirectory(aside.path);
    await syncDirectory(this.#directory.path);
    return path.join(this.name, name);
  }

  /** Moves segments back that {@link setAside} has moved. */
  async putBack(name: string): Promise<void> {
    await using aside = await this.#directory.child(name);
    for (const each of await readdir(aside.path)) {
      await rename(aside.at(each), this.#directory.at(each));
    }
    await syncDirectory(this.#directory.path);
  }

  /** Makes the staged log that of the member in this directory, and removes most of those that were set aside before. */
  async publish(memberDir: string, { clock }: Pick<RunContext, 'clock'>): Promise<void> {
    if (this.#staged === undefined) {
      throw new Error(`no log is staged in ${this.name}`);
    }
    await rename(this.#directory.at(this.#staged), this.#directory.at(SEGMENT));
    await syncDirectory(this.#directory.path);
    await unlink(path.join(memberDir, WAITS));
    await syncDirectory(memberDir);
    const aside = (await this.#names()).filter((name) => name.startsWith(WAL_ASIDE)).toSorted();
    for (const name of outdatedAside(aside.slice(0, -1), { prefix: WAL_ASIDE, clock })) {
      await removeTree(this.#directory.at(name));
    }
  }

  /** Removes what was staged. */
  async discard(): Promise<void> {
    for (const name of (await this.#names()).filter((each) => each === PART || each.startsWith(NEXT))) {
      await unlink(this.#directory.at(name));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directory[Symbol.asyncDispose]();
    if (this.#made !== undefined) {
      await removeEmptyDirectories(this.name, this.#made);
    }
  }

  async #names(): Promise<readonly string[]> {
    return await readdir(this.#directory.path);
  }
}

interface OpenedPlace {
  readonly pinned: PinnedDirectory;
  readonly made: string | undefined;
}

async function opened(directory: string, lock: RunLock): Promise<OpenedPlace> {
  try {
    const made = await makeFor(directory, (lock.directory ?? lock.parent)?.owner);
    return { pinned: await PinnedDirectory.open(directory), made };
  } catch (error) {
    throw fileFailure(error, { action: 'use the --wal-dir', object: directory }) ?? error;
  }
}

/** Where only root can change anything, root makes the directory; elsewhere it is made with the rights of the owner. Gives the topmost one made. */
async function makeFor(directory: string, owner: Owner | undefined): Promise<string | undefined> {
  await using nearest = await nearestExisting(directory);
  const made = await actingAs(nearest.owner, () => makeDirectories(directory));
  if (made !== undefined && owner !== undefined && nearest.owner.uid === 0 && process.geteuid?.() === 0) {
    await giveTree(made, owner);
  }
  return made;
}

/** The first bytes of a mark, which may be anybody's file. */
async function readMark(file: string): Promise<string> {
  await using handle = await openFile(file, { links: 'refused' });
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
  return buffer.subarray(0, bytesRead).toString('latin1');
}

/** As etcd decides whether there is a log. */
function isSegment(name: string): boolean {
  return name.endsWith('.wal');
}

/** Copies a file; what is zeros stays a hole. */
async function copySparse(from: string, to: FileHandle): Promise<void> {
  const source = await open(from, 'r');
  try {
    const { size } = await source.stat();
    const buffer = Buffer.alloc(Math.min(size, COPIED_AT_ONCE));
    for (let at = 0; at < size; ) {
      const { bytesRead } = await source.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) {
        throw new Error(`${from} became shorter while it was copied`);
      }
      const bytes = buffer.subarray(0, bytesRead);
      if (bytes.some((byte) => byte !== 0)) {
        await writeAll(to, bytes, at);
      }
      at += bytesRead;
    }
    await to.truncate(size);
  } finally {
    await source.close();
  }
}
