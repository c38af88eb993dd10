import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from '../fs/errno.ts';

/** Which of the expected files and directories a data directory has. */
export type Structure =
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'member'; readonly memberDir: string; readonly db: string };

/** Names that a file system puts into a new volume. */
const OF_THE_VOLUME = new Set(['lost+found']);

/** Looks for the directories and the db that etcd needs. An empty directory counts as absent. */
export async function readStructure(dataDir: string): Promise<Structure> {
  const names = await entries(dataDir);
  if (names === undefined || names.every((name) => OF_THE_VOLUME.has(name))) {
    return { kind: 'absent' };
  }
  const memberDir = path.join(dataDir, 'member');
  const db = path.join(memberDir, 'snap', 'db');
  for (const directory of [memberDir, path.join(memberDir, 'snap'), path.join(memberDir, 'wal')]) {
    if ((await kindOf(directory)) !== 'directory') {
      return { kind: 'invalid', reason: `${path.relative(dataDir, directory)} is missing or no directory` };
    }
  }
  if ((await kindOf(db)) !== 'file') {
    return { kind: 'invalid', reason: 'member/snap/db is missing or no file' };
  }
  return { kind: 'member', memberDir, db };
}

async function entries(directory: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

async function kindOf(file: string): Promise<'file' | 'directory' | 'other' | 'absent'> {
  try {
    const found = await stat(file);
    return found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) {
      return 'absent';
    }
    throw error;
  }
}
