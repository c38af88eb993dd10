import { systemCode } from '../runtime/system-error.ts';

/** The name of an error of the operating system, such as `ENOSPC`, also where Node has none for it. */
export function errnoName({ code, errno }: Pick<NodeJS.ErrnoException, 'code' | 'errno'>): string {
  return systemCode({ code: code ?? '', errno: errno ?? 0 });
}

/** True for an error of the operating system with one of these codes, such as `ENOENT`. */
export function isErrno(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) {
    return false;
  }
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  return codes.includes(systemCode({ code: error.code, errno }));
}
