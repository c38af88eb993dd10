import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import type { FailureParts } from './failure.ts';
import type { FailureCode } from './failure-code.ts';

/** What an error of the operating system means, in our words. */
export type SystemRefusal = Pick<FailureParts, 'code' | 'found' | 'remedy'>;

/** What the most frequent errors of the operating system mean to the person who reads them: names, code, what was found, what to do. */
const MEANINGS: readonly (readonly [names: string, code: FailureCode, found: string, remedy: string])[] = [
  ['ENOSPC', 'no_space', 'no space is left on the volume', 'free some space or use a larger volume'],
  ['EDQUOT', 'no_space', 'the disk quota is used up', 'raise the quota or use another volume'],
  ['EFBIG', 'no_space', 'the file system allows no file this large', 'use another volume'],
  ['EROFS', 'read_only', 'the file system is read-only', 'mount it writable'],
  ['ENOENT', 'file_error', 'there is no such file or directory', 'check the path'],
  ['EACCES', 'denied', 'permission is denied', 'check owner and mode of the directory'],
  [
    'EPERM',
    'denied',
    'the operation is not permitted',
    'check owner, mode and attributes (lsattr) of the directory, or choose another path',
  ],
  ['ENOTDIR', 'not_a_directory', 'a part of the path is no directory', 'choose another path'],
  ['EEXIST', 'not_a_directory', 'a file of this name is in the way', 'choose another path'],
  ['EIO', 'disk_error', 'the disk reports an error', 'check the volume'],
  ['EISDIR', 'not_a_file', 'it is a directory, not a file', 'give a file'],
  [
    'ELOOP',
    'file_error',
    'a symbolic link is where none may be, or links lead in a circle',
    'put what it leads to in its place',
  ],
  ['ENAMETOOLONG', 'file_error', 'the name is too long', 'choose a shorter one'],
  ['EBUSY', 'file_error', 'it is in use, such as by a mount', 'see what uses it'],
  ['ENOTEMPTY', 'not_a_directory', 'the directory is not empty', 'choose another path'],
  ['ETXTBSY', 'file_error', 'the file is a program that runs', 'choose another path'],
  ['ENXIO ENODEV', 'not_a_file', 'it is no file that can be read', 'give a file'],
  ['ENOMEM', 'file_error', 'the machine has no memory left', 'free some'],
  ['ETIMEDOUT', 'disk_error', 'the network file system does not answer', 'check its server'],
  ['EHOSTDOWN', 'disk_error', 'the server of the network file system is down', 'check it'],
  ['EHOSTUNREACH', 'disk_error', 'the server of the network file system cannot be reached', 'check it'],
  ['ENOTCONN', 'disk_error', 'the volume is not connected any more', 'mount it again'],
  ['EMFILE', 'file_error', 'this process has too many files open', 'raise its limit (ulimit -n)'],
  ['ENFILE', 'file_error', 'this machine has too many files open', 'raise its limit (fs.file-max)'],
  ['ENOLCK', 'file_error', 'the file system has no locks left', 'check the volume'],
  ['ESTALE', 'disk_error', 'the network file system has lost the file', 'mount the volume again'],
  ['EUCLEAN', 'disk_error', 'the file system is damaged', 'have it checked (fsck)'],
];

const REFUSALS: ReadonlyMap<string, SystemRefusal> = new Map(
  MEANINGS.flatMap(([names, code, found, remedy]) =>
    names.split(' ').map((name) => [name, { code, found, remedy }] as const),
  ),
);

/** Names of the errors that have words of their own here. */
export const knownErrors: readonly string[] = [...REFUSALS.keys()];

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
  return REFUSALS.get(code) ?? { code: 'file_error', found: `${text} (${code})` };
}

/** A temporary file or directory of this program, and what is in it. */
const SCRATCH = /\/etcdbrctl-[a-z]+-\d+-[0-9a-f]+\.tmp(\/.*)?$/;

/**
 * The place that an error names; undefined for none, and for a path that only this process has. Of a temporary file it is the directory in
 * which it would be: its name says nothing to anybody.
 */
export function placeOf({ path }: Pick<FileSystemError, 'path'>): string | undefined {
  return path?.startsWith('/proc/') ? undefined : path?.replace(SCRATCH, '');
}

/** An error of the operating system that no caller has turned into a failure, as a whole sentence. */
export function systemErrorText(error: FileSystemError): string {
  const { found, remedy } = systemRefusal(error);
  const action = ACTIONS[error.syscall] ?? 'use';
  const code = systemCode(error);
  const known = !REFUSALS.has(code) ? found : `${found} (${code})`;
  return `cannot ${action} ${placeOf(error) ?? 'a file'}: ${known}${remedy === undefined ? '' : `; ${remedy}`}`;
}
