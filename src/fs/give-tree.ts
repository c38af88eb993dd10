import { type FileHandle, lchown, lstat, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Owner } from './pinned-directory.ts';

/**
 * Gives a directory with all in it to a user and a group, and makes that durable, where they are not its owners already: each change of a
 * file takes a sync. Only for a tree in which no other user can change anything, as it works with names.
 */
export async function giveTree(entry: string, owner: Owner): Promise<void> {
  for (const found of await readdir(entry, { withFileTypes: true })) {
    const below = path.join(entry, found.name);
    if (found.isDirectory()) {
      await giveTree(below, owner);
    } else if (await give(below, owner)) {
      await syncFile(below);
    }
  }
  await give(entry, owner);
}

/** Whether it had another owner. */
async function give(entry: string, owner: Owner): Promise<boolean> {
  const { uid, gid } = await lstat(entry);
  const isNew = uid !== owner.uid || gid !== owner.gid;
  if (isNew) {
    await lchown(entry, owner.uid, owner.gid);
  }
  return isNew;
}

async function syncFile(file: string): Promise<void> {
  const handle: FileHandle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
