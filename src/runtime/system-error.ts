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
};

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

/** What an error of the operating system means. */
export function systemRefusal(error: Pick<FileSystemError, 'code' | 'errno' | 'message'>): SystemRefusal {
  const [, text] = getSystemErrorMap().get(error.errno ?? 0) ?? [];
  return (
    REFUSALS[error.code] ?? {
      code: 'file_error',
      found: text === undefined ? error.message : `${text} (${error.code})`,
    }
  );
}

/** The place that an error names; undefined for none, and for a path that only this process has. */
export function placeOf({ path }: Pick<FileSystemError, 'path'>): string | undefined {
  return path?.startsWith('/proc/') ? undefined : path;
}

/** An error of the operating system that nobody has put into words, as a whole sentence. */
export function systemErrorText(error: FileSystemError): string {
  const { found, remedy } = systemRefusal(error);
  const action = ACTIONS[error.syscall] ?? 'use';
  const known = REFUSALS[error.code] === undefined ? found : `${found} (${error.code})`;
  return `cannot ${action} ${placeOf(error) ?? 'a file'}: ${known}${remedy === undefined ? '' : `; ${remedy}`}`;
}
