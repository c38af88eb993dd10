import { ChangingFile, SilentPipe } from '../runtime/read-at-most.ts';
import { isFileSystemError, systemRefusal } from '../runtime/system-error.ts';

/** Why a file cannot be read, in words. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof SilentPipe || cause instanceof ChangingFile) {
    return cause.message;
  }
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'it does not exist';
    case 'EISDIR':
      return 'it is a directory';
    case 'ENOTDIR':
      return 'a part of its path is not a directory';
    case 'EACCES':
      return 'there is no permission to read it';
    default:
      return isFileSystemError(cause) ? systemRefusal(cause).found : 'it cannot be read';
  }
}
