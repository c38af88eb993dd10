import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from '../fs/errno.ts';

/** Which of the expected files and directories a data directory has. */
export type Structure =
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid'; readonly reason: string }
  /** All is there but the log, which etcd may keep in a directory of its own. */
  | { readonly kind: 'without log'; readonly memberDir: string; readonly db: string; readonly reason: string }
  | ({ readonly kind: 'member' } & MemberFiles);

/** Where a member has its files. */
export interface MemberFiles {
  readonly memberDir: string;
  readonly db: string;
  /** `member/wal`, or the directory of etcd's `--wal-dir`. */
  readonly walDir: string;
}

/** Names that a file system puts into a new volume. */
const OF_THE_VOLUME = new Set(['lost+found']);

/**
 * Looks for the directories and the db that etcd needs. An empty directory counts as absent. `walDir` is the directory of
 * etcd's `--wal-dir`; left out, the log is in `member/wal`.
 */
export async function readStructure(
  dataDir: string,
  options: { readonly walDir?: string | undefined } = {},
): Promise<Structure> {
  const names = await entries(dataDir);
  if (names === undefined || names.every((name) => OF_THE_VOLUME.has(name))) {
    return { kind: 'absent' };
  }
  const memberDir = path.join(dataDir, 'member');
  const db = path.join(memberDir, 'snap', 'db');
  for (const directory of [memberDir, path.join(memberDir, 'snap')]) {
    if ((await kindOf(directory)) !== 'directory') {
      return { kind: 'invalid', reason: `${path.relative(dataDir, directory)} is missing or no directory` };
    }
  }
  if ((await kindOf(db)) !== 'file') {
    return { kind: 'invalid', reason: 'member/snap/db is missing or no file' };
  }
  const walDir = options.walDir ?? path.join(memberDir, 'wal');
  const walName = options.walDir ?? path.relative(dataDir, walDir);
  if ((await kindOf(walDir)) !== 'directory') {
    return { kind: 'without log', memberDir, db, reason: `${walName} is missing or no directory` };
  }
  // It may be the empty place where a volume is to be mounted. An etcd that starts there begins a new log, and skips its first entries.
  if (!(await readdir(walDir)).some((name) => name.endsWith('.wal'))) {
    return { kind: 'without log', memberDir, db, reason: `${walName} holds no log` };
  }
  return { kind: 'member', memberDir, db, walDir };
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
