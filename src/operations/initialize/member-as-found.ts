import { lstat } from 'node:fs/promises';
import path from 'node:path';
import type { RunLock } from '../../datadir/run-lock.ts';
import { isErrno } from '../../fs/errno.ts';
import type { FileIdentity } from '../../fs/same-file.ts';

/** Which `member/` a data directory has; undefined when it has none. */
export async function memberAsFound({
  dataDir,
  directory,
}: Pick<RunLock, 'dataDir' | 'directory'>): Promise<FileIdentity | undefined> {
  try {
    const { dev, ino } = await lstat(directory?.at('member') ?? path.join(dataDir, 'member'), { bigint: true });
    return { dev, ino };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) {
      return undefined;
    }
    throw error;
  }
}
