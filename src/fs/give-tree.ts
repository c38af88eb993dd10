import { type FileHandle, lchown, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Owner } from './pinned-directory.ts';

/**
 * Gives a file, or a directory with all in it, to a user and a group, and makes that durable. Only for a tree in which no other user can
 * change anything, as it works with names.
 */
export async function giveTree(entry: string, owner: Owner): Promise<void> {
  for (const found of await readdir(entry, { withFileTypes: true })) {
    const below = path.join(entry, found.name);
    if (found.isDirectory()) {
      await giveTree(below, owner);
    } else {
      await lchown(below, owner.uid, owner.gid);
      await syncFile(below);
    }
  }
  await lchown(entry, owner.uid, owner.gid);
}

async function syncFile(file: string): Promise<void> {
  const handle: FileHandle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
