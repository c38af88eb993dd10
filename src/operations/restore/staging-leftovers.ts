import { readdir } from 'node:fs/promises';
import { isErrno } from '../../fs/errno.ts';
import type { PinnedDirectory } from '../../fs/pinned-directory.ts';
import { privateNames } from '../../fs/private-directory.ts';
import { removeTree } from '../../fs/remove-tree.ts';
import { tryLockHandle } from '../../runtime/process/file-lock.ts';

/**
 * Removes the staging directories that killed runs have left in a directory. Only for the holder of the lock: what made them
 * cannot be at work any more. One of a living process is left alone all the same, in case there are no locks here.
 */
export async function removeLeftovers(directory: PinnedDirectory, prefix: string): Promise<void> {
  for (const { name, pid } of privateNames(await readdir(directory.path), prefix)) {
    const leftover = await directory.child(name).catch(() => undefined);
    if (leftover === undefined) {
      continue;
    }
    await using found = leftover;
    if (await isAbandoned(found, pid)) {
      await removeTree(directory.at(name));
    }
  }
}

async function isAbandoned(directory: PinnedDirectory, pid: number): Promise<boolean> {
  const attempt = await tryLockHandle(directory.handle);
  switch (attempt.outcome) {
    case 'held':
      return true;
    case 'busy':
      return false;
    case 'unavailable':
      return pid !== process.pid && !isAlive(pid);
    default:
      return attempt satisfies never;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isErrno(error, 'ESRCH');
  }
}
