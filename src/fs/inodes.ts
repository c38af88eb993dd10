import { statfsSync } from 'node:fs';
import path from 'node:path';
import type { SystemRefusal } from '../runtime/system-error.ts';
import { isErrno } from './errno.ts';

/** A volume with less free than this may have no room for inodes, which some file systems make as they are needed. */
const ROOM_FOR_INODES = 1024 * 1024;

/** What it means that a volume has room, and takes no more files. */
export const noInodes = {
  code: 'no_space',
  found: 'no inode is left on the volume: it holds as many files as it can',
  remedy: 'remove files there that are not needed (df -i), or use another volume',
} as const satisfies SystemRefusal;

/**
 * Whether something could not be made because its volume takes no more files, though it has room: the system has the same error for both.
 * Asked at once, before what was made on the way is removed.
 */
export function lacksInodes(error: unknown): boolean {
  if (!isErrno(error, 'ENOSPC') || error.path === undefined) {
    // Only what makes an entry of a directory names a path; a write to an open file needs no inode.
    return false;
  }
  for (let directory = path.dirname(error.path); ; directory = path.dirname(directory)) {
    try {
      const { files, ffree, bavail, bsize } = statfsSync(directory);
      return files > 0 && ffree === 0 && bavail * bsize >= ROOM_FOR_INODES;
    } catch {
      if (directory === path.dirname(directory)) {
        return false;
      }
    }
  }
}
