import { Failure } from '../runtime/failure.ts';
import type { FailureCode } from '../runtime/failure-code.ts';

/** True for an error of the operating system with this code, such as `ENOENT`. */
export function isErrno(error: unknown, code: string): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** What the operating system's commonest refusals mean to whoever restores. */
const REFUSALS: Readonly<
  Record<string, { readonly code: FailureCode; readonly found: string; readonly remedy: string }>
> = {
  ENOSPC: {
    code: 'no_space',
    found: 'no space is left on the volume',
    remedy: 'free some space or use a larger volume',
  },
  EDQUOT: { code: 'no_space', found: 'the disk quota is used up', remedy: 'raise the quota or use another volume' },
  EFBIG: { code: 'no_space', found: 'the file system allows no file this large', remedy: 'use another volume' },
  EROFS: { code: 'read_only', found: 'the file system is read-only', remedy: 'mount it writable' },
  EACCES: { code: 'denied', found: 'permission is denied', remedy: 'check owner and mode of the directory' },
  EPERM: { code: 'denied', found: 'permission is denied', remedy: 'check owner and mode of the directory' },
  ENOTDIR: { code: 'not_a_directory', found: 'a part of the path is no directory', remedy: 'choose another path' },
  EIO: { code: 'disk_error', found: 'the disk reports an error', remedy: 'check the volume' },
};

/**
 * The {@link Failure} for an error of the operating system, or undefined for any other error.
 * `action` and `object` are used as in {@link Failure}.
 */
export function fileFailure(
  error: unknown,
  place: { readonly action: string; readonly object: string },
): Failure | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error) || typeof error.code !== 'string') {
    return undefined;
  }
  const refusal = REFUSALS[error.code] ?? { code: 'file_error', found: error.message, remedy: undefined };
  return new Failure({ ...refusal, ...place, cause: error });
}
