import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import type { FailureParts } from './failure.ts';

/** What an error of the operating system means, in our words. */
export type SystemRefusal = Pick<FailureParts, 'code' | 'found' | 'remedy'>;

/** What the most frequent errors of the operating system mean to the person who reads them. */
const REFUSALS: Readonly<Record<string, SystemRefusal>> = {
  ENOSPC: {
    code: 'no_space',
    found: 'no space is left on the volume',
    remedy: 'free some space or use a larger volume',
  },
  EDQUOT: { code: 'no_space', found: 'the disk quota is used up', remedy: 'raise the quota or use another volume' },
  EFBIG: { code: 'no_space', found: 'the file system allows no file this large', remedy: 'use another volume' },
  EROFS: { code: 'read_only', found: 'the file system is read-only', remedy: 'mount it writable' },
  ENOENT: { code: 'file_error', found: 'there is no such file or directory', remedy: 'check the path' },
  EACCES: { code: 'denied', found: 'permission is denied', remedy: 'check owner and mode of the directory' },
  EPERM: { code: 'denied', found: 'permission is denied', remedy: 'check owner and mode of the directory' },
  ENOTDIR: { code: 'not_a_directory', found: 'a part of the path is no directory', remedy: 'choose another path' },
  EEXIST: { code: 'not_a_directory', found: 'a file of this name is in the way', remedy: 'choose another path' },
  EIO: { code: 'disk_error', found: 'the disk reports an error', remedy: 'check the volume' },
  EISDIR: { code: 'not_a_file', found: 'it is a directory, not a file', remedy: 'give a file' },
  ELOOP: {
    code: 'file_error',
    found: 'a symbolic link is where none may be, or links lead in a circle',
    remedy: 'put what it leads to in its place',
  },
  ENAMETOOLONG: { code: 'file_error', found: 'the name is too long', remedy: 'choose a shorter one' },
  EBUSY: { code: 'file_error', found: 'it is in use, such as by a mount', remedy: 'see what uses it' },
  ENOTEMPTY: { code: 'not_a_directory', found: 'the directory is not empty', remedy: 'choose another path' },
  ETXTBSY: { code: 'file_error', found: 'the file is a program that runs', remedy: 'choose another path' },
  ENXIO: { code: 'not_a_file', found: 'it is no file that can be read', remedy: 'give a file' },
  ENODEV: { code: 'not_a_file', found: 'it is no file that can be read', remedy: 'give a file' },
  ENOMEM: { code: 'file_error', found: 'the machine has no memory left', remedy: 'free some' },
  ETIMEDOUT: { code: 'disk_error', found: 'the network file system does not answer', remedy: 'check its server' },
  EHOSTDOWN: { code: 'disk_error', found: 'the server of the network file system is down', remedy: 'check it' },
  EHOSTUNREACH: {
    code: 'disk_error',
    found: 'the server of the network file system cannot be reached',
    remedy: 'check it',
  },
  ENOTCONN: { code: 'disk_error', found: 'the volume is not connected any more', remedy: 'mount it again' },
  EMFILE: { code: 'file_error', found: 'this process has too many files open', remedy: 'raise its limit (ulimit -n)' },
  ENFILE: {
    code: 'file_error',
    found: 'this machine has too many files open',
    remedy: 'raise its limit (fs.file-max)',
  },
  ENOLCK: { code: 'file_error', found: 'the file system has no locks left', remedy: 'check the volume' },
  ESTALE: { code: 'disk_error', found: 'the network file system has lost the file', remedy: 'mount the volume again' },
  EUCLEAN: { code: 'disk_error', found: 'the file system is damaged', remedy: 'have it checked (fsck)' },
};

/** Errors that neither Node nor its library have a name for, see errno(3). */
const UNNAMED: Readonly<Record<number, string>> = { 117: 'EUCLEAN' };

/** Names of errors by their number. */
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

/** What was refused, as it reads after "cannot". */
const ACTIONS: Readonly<Record<string, string>> = {
  close: 'close',
  fdatasync: 'make durable',
  fsync: 'make durable',
  lstat: 'look at',
  fstat: 'look at',
  mkdir: 'make the directory',
  open: 'open',
  read: 'read',
  rename: 'rename',
  rmdir: 'remove',
  scandir: 'list',
  stat: 'look at',
  unlink: 'remove',
  write: 'write',
};

/** An error of the operating system about a file. */
export interface FileSystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly errno?: number;
  readonly path?: string;
}

/** True for an error that has the words of the operating system about a file: `ENOENT: no such file or directory, open '/x'`. */
export function isFileSystemError(error: unknown): error is FileSystemError {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    'syscall' in error &&
    typeof error.syscall === 'string' &&
    (error.message.startsWith(`${error.code}: `) || error.message === `${error.syscall} ${error.code}`)
  );
}

/**
 * The name of an error of the operating system, such as `ENOSPC`. Its `code` is none where libuv does not know the error: of a disk
 * quota that is used up, for one, it is `Unknown system error -122`.
 */
export function systemCode({ code, errno }: Pick<FileSystemError, 'code' | 'errno'>): string {
  const number = -(errno ?? 0);
  return /^(Unknown system error|UNKNOWN$)/.test(code) ? (NAMES.get(number) ?? UNNAMED[number] ?? `${number}`) : code;
}

/** What an error of the operating system means. */
export function systemRefusal(error: Pick<FileSystemError, 'code' | 'errno'>): SystemRefusal {
  const code = systemCode(error);
  const [, text = 'the operating system reports an error'] = getSystemErrorMap().get(error.errno ?? 0) ?? [];
  return REFUSALS[code] ?? { code: 'file_error', found: `${text} (${code})` };
}

/** The place that an error names; undefined for none, and for a path that only this process has. */
export function placeOf({ path }: Pick<FileSystemError, 'path'>): string | undefined {
  return path?.startsWith('/proc/') ? undefined : path;
}

/** An error of the operating system that nobody has put into words, as a whole sentence. */
export function systemErrorText(error: FileSystemError): string {
  const { found, remedy } = systemRefusal(error);
  const action = ACTIONS[error.syscall] ?? 'use';
  const code = systemCode(error);
  const known = REFUSALS[code] === undefined ? found : `${found} (${code})`;
  return `cannot ${action} ${placeOf(error) ?? 'a file'}: ${known}${remedy === undefined ? '' : `; ${remedy}`}`;
}
