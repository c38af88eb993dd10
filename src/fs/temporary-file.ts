import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

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
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `etcdbrctl-${purpose}-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  const handle = await open(path, 'wx+', 0o600);
  return {
    path,
    handle,
    [Symbol.asyncDispose]: async () => {
      await handle.close();
      await rm(path, { force: true });
    },
  };
}
