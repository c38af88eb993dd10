/**
 * An error of the operating system with the path of the file that it is about: those of open files name none. Any other error
 * stays as it is.
 */
export function withPath(error: unknown, path: string): unknown {
  return error instanceof Error && 'syscall' in error && !('path' in error) ? Object.assign(error, { path }) : error;
}
