import { mkdir, utimes } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories, removeEmptyDirectories } from './directories.ts';
import { makingIn } from './no-new-files.ts';
import { othersCanReplace } from './others-can-replace.ts';
import { PinnedDirectory } from './pinned-directory.ts';
import { PrivateDirectory } from './private-directory.ts';
import { removeLeftovers } from './remove-leftovers.ts';
import { removeTree } from './remove-tree.ts';
import { keepAlive } from './scratch-life.ts';
import { scratchName } from './scratch-name.ts';

/** A directory that is gone, with all in it, when it is disposed of; so are those above it that were made for it. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/**
 * Creates an empty directory (0700) in `parent`, which is made when it is missing. Its name begins with `etcdbrctl-` and `purpose` and
 * holds the process id. Where others could exchange it, the path leads through an open handle, see {@link PrivateDirectory}. What killed processes have left there is removed before.
 */
export async function createTemporaryDirectory(parent: string, purpose: string): Promise<TemporaryDirectory> {
  const above = path.resolve(parent);
  const topmost = await makeDirectories(above);
  await removeLeftovers(above);
  const { directory, end } = await ((await othersCanReplace(above)) ? makeHeld : make)(above, scratchName(purpose));
  const life = keepAlive((time) => utimes(directory, time, time));
  return {
    path: directory,
    [Symbol.asyncDispose]: async () => {
      await life[Symbol.asyncDispose]();
      await end();
      if (topmost !== undefined) {
        await removeEmptyDirectories(above, topmost);
      }
    },
  };
}

interface Made {
  readonly directory: string;
  end(): Promise<void>;
}

async function make(above: string, name: string): Promise<Made> {
  const directory = path.join(above, name);
  await makingIn({ path: above }, () => mkdir(directory, { mode: 0o700 }));
  return { directory, end: () => removeTree(directory) };
}

async function makeHeld(above: string, name: string): Promise<Made> {
  await using held = new AsyncDisposableStack();
  const parent = held.use(await PinnedDirectory.open(above));
  const made = held.use(await PrivateDirectory.makeNamed(parent, name));
  const kept = held.move();
  return { directory: made.pinned.path, end: () => kept.disposeAsync() };
}
