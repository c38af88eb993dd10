import { mkdir, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from './errno.ts';
import { makingEntry } from './making-entry.ts';
import { makingIn } from './no-new-files.ts';
import { syncDirectory } from './sync.ts';

/**
 * Makes `directory` (0700) and those above it that are missing; gives the topmost one made, or undefined when all existed.
 * Unlike Node's recursive mkdir it reports a read-only file system as that, not as a missing directory, and one in which nothing can be
 * made as NoNewFiles.
 */
export async function makeDirectories(directory: string): Promise<string | undefined> {
  try {
    return (await makeDirectory(directory)) ? directory : undefined;
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || path.dirname(directory) === directory) {
      throw error;
    }
  }
  const topmost = await makeDirectories(path.dirname(directory));
  const made = await makingIn({ path: path.dirname(directory) }, () => makeDirectory(directory));
  return topmost ?? (made ? directory : undefined);
}

/** Removes `deepest` and the directories above it up to `topmost`, as long as they are empty. */
export async function removeEmptyDirectories(deepest: string, topmost: string): Promise<void> {
  for (let directory = deepest; directory.length >= topmost.length; directory = path.dirname(directory)) {
    try {
      await rmdir(directory);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) {
        continue;
      }
      if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) {
        return;
      }
      throw error;
    }
  }
}

/** Makes it durable that {@link makeDirectories} made the directories from `topmost` down to `deepest`. */
export async function syncMadeDirectories(deepest: string, topmost: string): Promise<void> {
  for (let directory = deepest; directory.length >= topmost.length; directory = path.dirname(directory)) {
    await syncDirectory(path.dirname(directory));
  }
}

/** False when it exists, perhaps because another process has just made it. */
async function makeDirectory(directory: string): Promise<boolean> {
  try {
    await makingEntry(() => mkdir(directory, { mode: 0o700 }));
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST') && (await stat(directory)).isDirectory()) {
      return false;
    }
    throw error;
  }
}
