import { constants, type FileHandle, open } from 'node:fs/promises';
import { constants as system, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findLockHolder, type LockHolder } from './lock-holder.ts';
import { loadAddon } from './native-addon.ts';

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

/**
 * Tries to take the lock that etcd holds on its db while it runs: flock(2), exclusive, without waiting.
 * Node has no flock, hence a small native module; where that cannot be loaded, /proc/locks is read instead.
 * Rejects with the system's error when the file cannot be opened, or its file system has no locks (`ENOLCK`, `ENOTSUP`).
 */
export async function tryLockFile(file: string): Promise<LockAttempt> {
  const addon = await loadAddon({
    asset: 'flock.node',
    file: () =>
      fileURLToPath(new URL(`../../../.cache/native/flock-${process.platform}-${process.arch}.node`, import.meta.url)),
    scratch: [tmpdir(), path.dirname(file)],
  });
  if (!addon.loaded) {
    const holder = await findLockHolder(file);
    const lock: FileLock = { strength: { observed: addon.reason }, [Symbol.asyncDispose]: () => Promise.resolve() };
    return holder === undefined ? { acquired: true, lock } : { acquired: false, holder };
  }
  const handle = await openForLock(file);
  const errno = tryLock(addon.exports, handle.fd);
  if (errno === 0) {
    return { acquired: true, lock: { strength: 'exclusive', [Symbol.asyncDispose]: () => handle.close() } };
  }
  await handle.close();
  if (errno !== EWOULDBLOCK) {
    throw lockError(errno, file);
  }
  return { acquired: false, holder: await findLockHolder(file) };
}

/** The system's error for a lock that was not taken: an `errno` of flock(2), such as 37 for `ENOLCK`. */
export function lockError(errno: number, file: string): NodeJS.ErrnoException {
  // libuv has no name for ENOLCK, so its own map of errors will not do.
  const code = Object.entries(system.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  return Object.assign(new Error(`${code}: flock '${file}'`), { code, errno: -errno, syscall: 'flock', path: file });
}

const EWOULDBLOCK = process.platform === 'darwin' ? 35 : 11;

/** NFS grants an exclusive lock only on a file that is open for writing. */
async function openForLock(file: string): Promise<FileHandle> {
  try {
    return await open(file, constants.O_RDWR);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EROFS')) {
      return await open(file, constants.O_RDONLY);
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
