import { stat } from 'node:fs/promises';
import path from 'node:path';
import { errnoName, isErrno } from '../fs/errno.ts';
import { fileFailure } from '../fs/file-failure.ts';
import { Failure } from '../runtime/failure.ts';
import { type FileLock, type LockOptions, tryLockFile } from '../runtime/process/file-lock.ts';
import type { LockHolder } from '../runtime/process/lock-holder.ts';
import type { RunContext } from '../runtime/run-context.ts';

/** What flock(2) ends with on a file system that has no locks. */
const withoutLocks = ['ENOLCK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** How the lock of a db is taken. */
export interface DbLockOptions extends LockOptions {
  /** What cannot be done when another process has it: `initialize`. */
  readonly action: string;
  /** Tests replace it. */
  readonly tryLock?: typeof tryLockFile;
}

/**
 * Takes the lock that an etcd holds on its db while it runs; undefined when there is no db. Throws a {@link Failure}
 * `data_dir_locked` when another process has it, and others when it cannot be taken; `action` is what cannot be done then.
 */
export async function lockDb(
  dataDir: string,
  context: RunContext,
  { action, tryLock = tryLockFile, ...options }: DbLockOptions,
): Promise<FileLock | undefined> {
  const db = path.join(dataDir, 'member', 'snap', 'db');
  let attempt: Awaited<ReturnType<typeof tryLockFile>>;
  try {
    // What is no file has no etcd, and must not even be opened.
    const openAs = options.openAs ?? ((open) => open());
    if ((await openAs(() => stat(db)).catch(() => undefined))?.isFile() === false) {
      return undefined;
    }
    attempt = await tryLock(db, { openAs });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) {
      return undefined;
    }
    throw unlockable(error, { action, dataDir, db }) ?? error;
  }
  if (!attempt.acquired) {
    const who = nameOf(attempt.holder);
    throw new Failure({
      code: 'data_dir_locked',
      action,
      object: dataDir,
      found: `${who} holds the lock on ${db}`,
      remedy: `${isTool(attempt.holder) ? 'wait until that has ended' : 'stop the etcd that runs on it'}; nothing was changed`,
    });
  }
  const { strength } = attempt.lock;
  if (strength !== 'exclusive') {
    context.log.debug(
      { reason: strength.observed },
      `No lock could be taken on ${db}; no process was found that holds it`,
    );
  }
  return attempt.lock;
}

/**
 * Locks a db outside of a data directory, so that no etcd writes to it while it is read. Throws a {@link Failure} `data_dir_locked` when
 * one has it open. Undefined where its file system has no locks, or it may not be locked: then nothing can be known.
 */
export async function lockDbFile(file: string, { action }: { readonly action: string }): Promise<FileLock | undefined> {
  const attempt = await tryLockFile(file).catch(() => undefined);
  if (attempt?.acquired === false) {
    throw new Failure({
      code: 'data_dir_locked',
      action,
      object: file,
      found: `${nameOf(attempt.holder)} has it open and may be writing to it, so that what is read could be torn`,
      remedy: isTool(attempt.holder)
        ? 'wait until that has ended'
        : 'take a snapshot of the running etcd (etcdbrctl snapshot --once), or stop it',
    });
  }
  return attempt?.lock;
}

/** Programs that hold the lock for a while, such as to look at a database; any other one is taken for an etcd. */
const tools: ReadonlySet<string | undefined> = new Set(['etcdbrctl', 'etcdutl', 'etcdctl', 'bbolt']);

function isTool(holder: LockHolder | undefined): boolean {
  return tools.has(holder?.command);
}

function nameOf(holder: LockHolder | undefined): string {
  return holder === undefined ? 'another process' : `${holder.command ?? 'process'} (pid ${holder.pid})`;
}

function unlockable(
  error: unknown,
  { action, dataDir, db }: { readonly action: string; readonly dataDir: string; readonly db: string },
): Failure | undefined {
  if (isErrno(error, ...withoutLocks)) {
    return new Failure({
      code: 'file_error',
      action,
      object: dataDir,
      found: `its file system gives no lock on ${db} (${errnoName(error)}), so that a running etcd would not be noticed`,
      remedy: 'mount it with locks (on NFS: rpc.statd runs, no option nolock); nothing was changed',
      cause: error,
    });
  }
  return fileFailure(error, { action: 'lock', object: db });
}
