import { systemCode } from '../runtime/system-error.ts';

/** True for an error of the operating system with one of these codes, such as `ENOENT`. */
export function isErrno(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) {
    return false;
  }
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  return codes.includes(systemCode({ code: error.code, errno }));
}
