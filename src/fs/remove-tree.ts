import { type FileHandle, readdir, rm, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from './errno.ts';
import { openDirectory, pathOf } from './pinned-directory.ts';

/** No directory of an etcd is nearly as deep. Each level holds a handle. */
const DEEPEST = 512;

/**
 * Removes a file or a directory with all in it; nothing happens when there is none. Links are removed, never followed, even when
 * directories are exchanged for links meanwhile: every name is removed from the directory that is open.
 */
export async function removeTree(entry: string): Promise<void> {
  await removeEntry(entry, 0);
}

/** Removes everything in a directory that is open at `directory`, a path from `PinnedDirectory`. */
export async function emptyDirectory(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    await removeEntry(path.join(directory, name), 1);
  }
}

async function removeEntry(entry: string, depth: number): Promise<void> {
  if (depth > DEEPEST) {
    throw new Error(`${entry} is not removed: more than ${DEEPEST} directories are inside each other`);
  }
  const directory = await unlinkOrOpen(entry);
  if (directory === undefined) {
    return;
  }
  try {
    await emptyOpened(directory, entry, depth);
  } finally {
    await directory.close();
  }
  await rmdir(entry).catch(unlessGone);
}

/** Removes what is no directory; opens what is one. */
async function unlinkOrOpen(entry: string): Promise<FileHandle | undefined> {
  try {
    await unlink(entry);
    return undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      return undefined;
    }
    // What unlink(2) says of a directory, on Linux and by POSIX; EPERM has other causes as well.
    if (!isErrno(error, 'EISDIR', 'EPERM')) {
      throw error;
    }
    return await openDirectory(entry).catch((refusal: unknown) => {
      throw isErrno(error, 'EISDIR') ? refusal : error;
    });
  }
}

async function emptyOpened(directory: FileHandle, entry: string, depth: number): Promise<void> {
  const opened = await pathOf(directory, await directory.stat({ bigint: true }));
  if (opened === undefined) {
    await rm(entry, { recursive: true, force: true });
    return;
  }
  for (const name of await readdir(opened)) {
    await removeEntry(path.join(opened, name), depth + 1);
  }
}

function unlessGone(error: unknown): void {
  if (!isErrno(error, 'ENOENT')) {
    throw error;
  }
}
