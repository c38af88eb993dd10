import { isErrno } from '../../../fs/errno.ts';
import { refusalOf } from '../../../fs/file-failure.ts';
import { NoSpaceLeft } from '../../../fs/volume-space.ts';
import { StoreError, type StoreErrorKind } from '../../store-error.ts';

interface Meaning {
  readonly kind: StoreErrorKind;
  readonly found?: string;
  readonly remedy?: string;
}

/** What they mean to a store; what is not given here is the same as for every file. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOENT: { kind: 'not_found', found: 'it does not exist' },
  ENOTDIR: { kind: 'not_found', found: 'a part of its path is a file' },
  EISDIR: { kind: 'not_found', found: 'it is a directory' },
  EACCES: { kind: 'denied', found: 'permission was denied', remedy: 'check its owner and mode' },
  EPERM: { kind: 'denied', found: 'the operation is not permitted', remedy: 'check its owner, mode and attributes' },
  EROFS: { kind: 'denied', found: 'the file system is mounted read-only', remedy: 'mount it writable' },
  ENOSPC: { kind: 'quota', found: 'no space is left on the device', remedy: 'free space or use another volume' },
  EDQUOT: { kind: 'quota', found: 'the disk quota is used up', remedy: 'free space or raise the quota' },
  EFBIG: { kind: 'quota', found: 'the file system takes no file this large', remedy: 'use another volume' },
  EMFILE: { kind: 'transient' },
  ENFILE: { kind: 'transient' },
  EAGAIN: { kind: 'transient', found: 'the file system is busy' },
  ETIMEDOUT: { kind: 'transient', found: 'the file system did not answer in time' },
  ESTALE: { kind: 'transient' },
};

/** The {@link StoreError} for an error of a file operation on `path`. One that is a StoreError already is given back. */
export function fileError(action: string, path: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) {
    return cause;
  }
  const [, meaning = { kind: 'invalid' as const }] =
    Object.entries(MEANINGS).find(([code]) => isErrno(cause, code)) ?? [];
  const { found, remedy } = refusalOf(cause) ?? { found: cause instanceof Error ? cause.message : String(cause) };
  const words =
    meaning.found === undefined || cause instanceof NoSpaceLeft
      ? { found, remedy }
      : { found: meaning.found, remedy: meaning.remedy };
  return new StoreError(meaning.kind, { action, object: path, ...words, cause });
}
