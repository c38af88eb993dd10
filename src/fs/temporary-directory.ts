import { mkdir, utimes } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories, removeEmptyDirectories } from './directories.ts';
import { removeLeftovers } from './leftovers.ts';
import { removeTree } from './remove-tree.ts';
import { keepAlive } from './scratch-life.ts';
import { scratchName } from './scratch-name.ts';

/** A directory that is gone, with all in it, when it is disposed of; so are those above it that were made for it. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/**
 * Creates an empty directory (0700) in `parent`, which is made when it is missing. Its name begins with `etcdbrctl-` and `purpose` and
 * holds the process id. What killed processes have left there is removed before.
 */
export async function createTemporaryDirectory(parent: string, purpose: string): Promise<TemporaryDirectory> {
  const above = path.resolve(parent);
  const topmost = await makeDirectories(above);
  await removeLeftovers(above);
  const directory = path.join(above, scratchName(purpose));
  await mkdir(directory, { mode: 0o700 });
  const life = keepAlive((time) => utimes(directory, time, time));
  return {
    path: directory,
    [Symbol.asyncDispose]: async () => {
      await life[Symbol.asyncDispose]();
      await removeTree(directory);
      if (topmost !== undefined) {
        await removeEmptyDirectories(above, topmost);
      }
    },
  };
}
