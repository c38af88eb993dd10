import { Failure, type FailureParts } from '../runtime/failure.ts';
import { firstError } from '../runtime/first-error.ts';
import { UserRefused } from '../runtime/process/acting-as.ts';
import { type SystemRefusal, systemRefusal } from '../runtime/system-error.ts';
import { lacksInodes, noInodes } from './inodes.ts';
import { NoNewFiles } from './no-new-files.ts';
import { NotAFile } from './open-file.ts';
import { NoProc } from './pinned-directory.ts';
import { placeIn } from './place-in.ts';
import { NoSpaceLeft } from './volume-space.ts';

/** What could not be done, where, and the flag with which another place can be chosen. */
export interface FilePlace extends Pick<FailureParts, 'action' | 'object'> {
  readonly flag?: string;
}

/**
 * The {@link Failure} for an error of the operating system, or undefined for any other error.
 * `action` and `object` are used as in {@link Failure}.
 */
export function fileFailure(error: unknown, { flag, ...place }: FilePlace): Failure | undefined {
  const refusal = refusalOf(error, place.object);
  if (refusal === undefined) {
    return undefined;
  }
  const { remedy } = refusal;
  const elsewhere = flag !== undefined && refusal.code === 'no_space' ? `${remedy}, or choose another ${flag}` : remedy;
  return new Failure({ ...refusal, ...place, remedy: elsewhere, cause: error });
}

/** What an error of the operating system means, to a reader who knows that it is about `object`; undefined for any other error. */
export function refusalOf(thrown: unknown, object?: string): SystemRefusal | undefined {
  const error = firstError(thrown);
  if (error instanceof NotAFile) {
    const subject = object === undefined ? undefined : placeIn(object, error.path);
    return {
      code: 'not_a_file',
      found: `${subject ?? error.path} is ${error.kind}, not a file`,
      remedy: 'give a file',
    };
  }
  if (error instanceof UserRefused) {
    return {
      code: 'denied',
      found: `it belongs to user ${error.user.uid}, and root may not become that user here`,
      remedy: 'run as that user, or allow it (CAP_SETUID, CAP_SETGID)',
    };
  }
  if (error instanceof NoNewFiles) {
    return { code: 'file_error', found: error.message, remedy: 'choose a path on another one' };
  }
  if (error instanceof NoProc) {
    return { code: 'file_error', found: error.message, remedy: 'mount it: mount -t proc proc /proc' };
  }
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error) || typeof error.code !== 'string') {
    return undefined;
  }
  if (error.syscall === 'uv_cwd') {
    const found = 'there is no such file or directory as the current one any more, where a relative path begins';
    return { code: 'file_error', found, remedy: 'change to another one (cd /) and give absolute paths' };
  }
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  const refusal = systemRefusal({ code: error.code, errno });
  if (error instanceof NoSpaceLeft) {
    return { ...refusal, found: error.message, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) };
  }
  return lacksInodes(error) ? noInodes : refusal;
}
