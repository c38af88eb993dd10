import { refusalOf } from '../../../fs/file-failure.ts';
import { Failure } from '../../../runtime/failure.ts';

/** The failure of a temporary file of a full that the system does not take: `cause` is what it said. */
export function temporaryFileFailure(tempDir: string, cause: unknown): Failure {
  return new Failure({
    code: 'temp_unwritable',
    action: 'write a temporary snapshot in',
    object: tempDir,
    found: refusalOf(cause)?.found ?? String(cause),
    remedy:
      'make room there for the whole database and its compressed form, or choose another --snapstore-temp-directory',
    cause,
  });
}
