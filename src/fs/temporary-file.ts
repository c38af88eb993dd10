import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '../runtime/log/logger.ts';
import { makeDirectories } from './directories.ts';
import { refusalOf } from './file-failure.ts';
import { makingIn } from './no-new-files.ts';
import { othersCanReplace } from './others-can-replace.ts';
import { removeLeftovers } from './remove-leftovers.ts';
import { keepAlive } from './scratch-life.ts';
import { scratchName } from './scratch-name.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

/** A file that is gone when it is disposed of. */
export interface TemporaryFile extends AsyncDisposable {
  readonly path: string;
  /** Open for reading and writing. */
  readonly handle: FileHandle;
}

/**
 * Creates an empty file (0600) in `directory`, which is made when it is missing. Its name begins with
 * `etcdbrctl-` and `purpose` and holds the process id; where others could exchange it, it is in a private directory of such a name.
 * What killed processes have left there is removed before. One that cannot be removed at its end fails no work that is done: a
 * warning says so.
 */
export async function createTemporaryFile(
  directory: string,
  purpose: string,
  { log }: { readonly log?: Pick<Logger, 'warn'> } = {},
): Promise<TemporaryFile> {
  await makeDirectories(path.resolve(directory));
  await removeLeftovers(directory);
  await using held = new AsyncDisposableStack();
  const around = (await othersCanReplace(directory))
    ? held.use(await createTemporaryDirectory(directory, purpose)).path
    : directory;
  const file = path.join(around, scratchName(purpose));
  const handle = await makingIn({ path: around, name: directory }, () => open(file, 'wx+', 0o600));
  held.defer(async () => {
    try {
      await rm(file, { force: true });
    } catch (error) {
      log?.warn(
        { error: refusalOf(error)?.found ?? String(error) },
        `${file} cannot be removed; a later run tries again`,
      );
    }
  });
  held.defer(() => handle.close());
  held.use(keepAlive((time) => handle.utimes(time, time)));
  const kept = held.move();
  return { path: file, handle, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
