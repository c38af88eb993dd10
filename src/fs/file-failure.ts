import { getSystemErrorMap } from 'node:util';
import { Failure, type FailureParts } from '../runtime/failure.ts';
import { UserRefused } from '../runtime/process/acting-as.ts';
import { NotAFile } from './open-file.ts';

type Refusal = Pick<FailureParts, 'code' | 'found' | 'remedy'>;

/** What the most frequent errors of the operating system mean to the person who reads them. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
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
};

/**
 * The {@link Failure} for an error of the operating system, or undefined for any other error.
 * `action` and `object` are used as in {@link Failure}.
 */
export function fileFailure(error: unknown, place: Pick<FailureParts, 'action' | 'object'>): Failure | undefined {
  const refusal = refusalOf(error);
  return refusal === undefined ? undefined : new Failure({ ...refusal, ...place, cause: error });
}

/** What an error of the operating system means; undefined for any other error. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof NotAFile) {
    return { code: 'not_a_file', found: error.message, remedy: 'give a file' };
  }
  if (error instanceof UserRefused) {
    return {
      code: 'denied',
      found: `it belongs to user ${error.user.uid}, and root may not become that user here`,
      remedy: 'run as that user, or allow it (CAP_SETUID, CAP_SETGID)',
    };
  }
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error) || typeof error.code !== 'string') {
    return undefined;
  }
  const number = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  const [, text] = getSystemErrorMap().get(number) ?? [];
  return (
    REFUSALS[error.code] ?? {
      code: 'file_error',
      found: text === undefined ? error.message : `${text} (${error.code})`,
    }
  );
}
