import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from './directories.ts';

/** A file that is gone when it is disposed of. */
export interface TemporaryFile extends AsyncDisposable {
  readonly path: string;
  /** Open for reading and writing. */
  readonly handle: FileHandle;
}

/**
 * Creates an empty file (0600) in `directory`, which is made when it is missing. Its name begins with
 * `etcdbrctl-` and `purpose` and holds the process id, so that a leftover of a killed process can be recognised.
 */
export async function createTemporaryFile(directory: string, purpose: string): Promise<TemporaryFile> {
  await makeDirectories(path.resolve(directory));
  const file = path.join(directory, `etcdbrctl-${purpose}-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  const handle = await open(file, 'wx+', 0o600);
  return {
    path: file,
    handle,
    [Symbol.asyncDispose]: async () => {
      await handle.close();
      await rm(file, { force: true });
    },
  };
}
