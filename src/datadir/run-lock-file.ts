import { constants, type FileHandle, lstat, open, unlink } from 'node:fs/promises';
import { isErrno } from '../fs/errno.ts';
import { NoNewFiles } from '../fs/no-new-files.ts';
import type { PinnedDirectory } from '../fs/pinned-directory.ts';
import { isSameFile } from '../fs/same-file.ts';
import { tryLockHandle } from '../runtime/process/file-lock.ts';

/** What became of an attempt to lock a place for a run. */
export type RunLockAttempt =
  | { readonly outcome: 'held'; readonly lock: AsyncDisposable }
  | { readonly outcome: 'busy'; readonly pid: number | undefined }
  | { readonly outcome: 'unavailable'; readonly reason: string }
  /** The file or the directory was removed meanwhile: try again. */
  | { readonly outcome: 'changed' };

/**
 * Locks a file of this name in a directory, made (0600) when it is missing and removed when the lock is disposed of. The file holds
 * the process id of its holder, for those who cannot see it in /proc/locks.
 */
export async function lockFileIn(
  directory: PinnedDirectory,
  name: string,
  options: { readonly tryLock?: typeof tryLockHandle },
): Promise<RunLockAttempt> {
  const file = directory.at(name);
  let opened: { readonly handle: FileHandle; readonly made: boolean };
  try {
    opened = await openLockFile(file, directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EEXIST')) {
      return { outcome: 'changed' };
    }
    if (isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'ELOOP', 'ENXIO')) {
      return { outcome: 'unavailable', reason: error.message };
    }
    throw error;
  }
  const { handle, made } = opened;
  let keep = false;
  try {
    const attempt = await (options.tryLock ?? tryLockHandle)(handle);
    if (attempt.outcome === 'busy') {
      return { outcome: 'busy', pid: attempt.holder?.pid ?? (await pidIn(handle)) };
    }
    if (!(await leadsTo(file, handle))) {
      return { outcome: 'changed' };
    }
    if (attempt.outcome === 'unavailable') {
      if (made) {
        await unlink(file);
      }
      return { outcome: 'unavailable', reason: attempt.reason };
    }
    await notePid(handle);
    keep = true;
    return { outcome: 'held', lock: { [Symbol.asyncDispose]: () => release(file, handle) } };
  } finally {
    if (!keep) {
      await handle.close();
    }
  }
}

/** Never through a link; of another user's file only a reader, which is enough for a lock on a local file system. */
async function openLockFile(
  file: string,
  directory: PinnedDirectory,
): Promise<{ readonly handle: FileHandle; readonly made: boolean }> {
  const { O_RDWR, O_RDONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
  const always = O_NOFOLLOW | O_NONBLOCK;
  try {
    return { handle: await open(file, O_RDWR | always), made: false };
  } catch (error) {
    if (isErrno(error, 'EACCES')) {
      return { handle: await open(file, O_RDONLY | always), made: false };
    }
    if (!isErrno(error, 'ENOENT')) {
      throw error;
    }
  }
  const handle = await open(file, O_RDWR | O_CREAT | O_EXCL | always, 0o644).catch(async (error: unknown) => {
    throw isErrno(error, 'ENOENT') && (await directory.isInPlace()) ? new NoNewFiles(directory.name) : error;
  });
  const { uid, gid } = directory.owner;
  if (process.geteuid?.() === 0 && uid !== 0) {
    try {
      await handle.chown(uid, gid);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }
  return { handle, made: true };
}

/** While the lock is held nobody else removes the file: what has the name is ours, or the name is gone. */
async function release(file: string, handle: FileHandle): Promise<void> {
  try {
    if (await leadsTo(file, handle)) {
      await unlink(file);
    }
  } finally {
    await handle.close();
  }
}

async function leadsTo(file: string, handle: FileHandle): Promise<boolean> {
  const [named, opened] = await Promise.all([
    lstat(file, { bigint: true }).catch(() => undefined),
    handle.stat({ bigint: true }),
  ]);
  return named !== undefined && isSameFile(named, opened);
}

async function notePid(handle: FileHandle): Promise<void> {
  try {
    await handle.truncate(0);
    await handle.write(`${process.pid}\n`, 0);
  } catch (error) {
    // The file of another user, or a full volume: the lock counts, the number is for messages only.
    if (!isErrno(error, 'EBADF', 'EINVAL', 'EACCES', 'ENOSPC', 'EDQUOT')) {
      throw error;
    }
  }
}

async function pidIn(handle: FileHandle): Promise<number | undefined> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(20), 0, 20, 0).catch(() => ({
    buffer: Buffer.alloc(0),
    bytesRead: 0,
  }));
  const [, pid] = /^(\d{1,10})\n$/.exec(buffer.subarray(0, bytesRead).toString('latin1')) ?? [];
  return pid === undefined ? undefined : Number(pid);
}
