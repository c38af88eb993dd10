import { constants, type FileHandle, open } from 'node:fs/promises';
import { constants as system } from 'node:os';
import { findLockHolder, type LockHolder } from './lock-holder.ts';
import { loadNativeModule } from './native-module.ts';

/** A lock on a file, held until it is disposed of. */
export interface FileLock extends AsyncDisposable {
  /**
   * `exclusive`: no other process can lock the file. `observed`: the lock could not be taken, for the reason given, and no
   * process that is visible from here held it.
   */
  readonly strength: 'exclusive' | { readonly observed: string };
}

/** The lock, or the process that holds it; undefined when that is in another pid namespace, such as another container. */
export type LockAttempt =
  | { readonly acquired: true; readonly lock: FileLock }
  | { readonly acquired: false; readonly holder: LockHolder | undefined };

/** How a file is locked. */
export interface LockOptions {
  /** Opens the file, with the rights of its owner where that is another user. The lock itself is taken with our own rights. */
  readonly openAs?: <T>(open: () => Promise<T>) => Promise<T>;
}

/** What became of an attempt to lock what a handle has open. */
export type HandleLock =
  /** Held until the handle is closed. */
  | { readonly outcome: 'held' }
  | { readonly outcome: 'busy'; readonly holder: LockHolder | undefined }
  /** There is no flock here: the module cannot be loaded, or (with an error) the file system has no locks. */
  | { readonly outcome: 'unavailable'; readonly reason: string; readonly error?: NodeJS.ErrnoException };

/**
 * Tries to take the lock that etcd holds on its db while it runs: flock(2), exclusive, without waiting.
 * Node has no flock, hence a small native module; where that cannot be loaded, /proc/locks is read instead.
 * Rejects with the system's error when the file cannot be opened, or its file system has no locks (`ENOLCK`, `ENOTSUP`).
 */
export async function tryLockFile(file: string, { openAs = asUsual }: LockOptions = {}): Promise<LockAttempt> {
  const handle = await openAs(() => openForLock(file));
  let keep = false;
  try {
    const attempt = await tryLockHandle(handle);
    switch (attempt.outcome) {
      case 'held':
        keep = true;
        return { acquired: true, lock: { strength: 'exclusive', [Symbol.asyncDispose]: () => handle.close() } };
      case 'busy':
        return { acquired: false, holder: attempt.holder };
      case 'unavailable':
        if (attempt.error !== undefined) {
          throw Object.assign(attempt.error, { path: file });
        }
        return {
          acquired: true,
          lock: { strength: { observed: attempt.reason }, [Symbol.asyncDispose]: () => Promise.resolve() },
        };
      default:
        return attempt satisfies never;
    }
  } finally {
    if (!keep) {
      await handle.close();
    }
  }
}

/** A holder that is not visible may just have ended; one in another container is never visible. */
const TRIES = 3;

/**
 * Tries to take flock(2), exclusive, without waiting, on a file or a directory that is open. `findHolder` says which process has the
 * lock, see {@link findLockHolder}.
 */
export async function tryLockHandle(handle: FileHandle, findHolder = findLockHolder): Promise<HandleLock> {
  const addon = await loadNativeModule('flock');
  for (let tries = 1; ; tries++) {
    const errno = addon.loaded ? tryLock(addon.exports, handle.fd) : undefined;
    if (errno === 0) {
      return { outcome: 'held' };
    }
    if (errno !== undefined && errno !== EWOULDBLOCK) {
      const error = lockError(errno, `descriptor ${handle.fd}`);
      return { outcome: 'unavailable', reason: error.message, error };
    }
    const holder = await findHolder(await handle.stat({ bigint: true }));
    if (holder !== undefined || (errno === EWOULDBLOCK && tries === TRIES)) {
      return { outcome: 'busy', holder };
    }
    if (errno === undefined) {
      return { outcome: 'unavailable', reason: addon.loaded ? '' : addon.reason };
    }
  }
}

/** The system's error for a lock that was not taken: an `errno` of flock(2), such as 37 for `ENOLCK`. */
export function lockError(errno: number, file: string): NodeJS.ErrnoException {
  // libuv has no name for ENOLCK, so its own map of errors will not do.
  const code = Object.entries(system.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  return Object.assign(new Error(`${code}: flock '${file}'`), { code, errno: -errno, syscall: 'flock', path: file });
}

const EWOULDBLOCK = process.platform === 'darwin' ? 35 : 11;

function asUsual<T>(open: () => Promise<T>): Promise<T> {
  return open();
}

/** NFS grants an exclusive lock only on a file that is open for writing; a link is followed for reading only. */
async function openForLock(file: string): Promise<FileHandle> {
  // A pipe in place of the file must not make this wait.
  const { O_RDWR, O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return await open(file, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['EACCES', 'EROFS', 'ELOOP'].includes(String(error.code))) {
      return await open(file, O_RDONLY | O_NONBLOCK);
    }
    throw error;
  }
}

function tryLock(exports: unknown, fd: number): number {
  if (
    typeof exports === 'object' &&
    exports !== null &&
    'tryLock' in exports &&
    typeof exports.tryLock === 'function'
  ) {
    const result: unknown = exports.tryLock(fd);
    if (typeof result === 'number') {
      return result;
    }
  }
  throw new Error('the flock module does not offer tryLock');
}
