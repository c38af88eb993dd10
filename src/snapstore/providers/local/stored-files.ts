import type { Stats } from 'node:fs';
import { lstat, opendir, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../../fs/errno.ts';
import { isTemporaryName } from './temporary-name.ts';

/** A file below a directory. */
export interface FoundFile {
  /** `/` separated, relative to the directory that was walked. */
  readonly path: string;
  readonly size: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
}

/** Where a walk is, below its root, and which of the paths it meets it looks at. */
interface Walk {
  readonly below?: string;
  readonly wanted?: (path: string) => boolean;
}

/**
 * All files below `root` that are not temporary and whose path is wanted, folder by folder. A root that does not exist holds none; files that vanish meanwhile are left out. A link to
 * nothing counts as an empty file: something is there, and a store of nothing else is not an empty one.
 */
export async function* filesBelow(
  root: string,
  { below = '', wanted = () => true }: Walk = {},
): AsyncGenerator<FoundFile, void, undefined> {
  const entries = await readdir(join(root, below), { withFileTypes: true }).catch((error: unknown) => {
    // A file in the place of the root says nothing about what the store holds.
    if (isErrno(error, 'ENOENT') || (below !== '' && isErrno(error, 'ENOTDIR'))) {
      return [];
    }
    throw error;
  });
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (isTemporaryName(entry.name)) {
      continue;
    }
    if (entry.isDirectory()) {
      yield* filesBelow(root, { below: path, wanted });
      continue;
    }
    if (!wanted(path)) {
      continue;
    }
    const facts = await factsOf(join(root, path));
    if (facts?.isFile() === true || facts?.isSymbolicLink() === true) {
      yield { path, size: facts.isFile() ? facts.size : 0, modifiedAt: facts.mtimeMs };
    }
  }
}

/** Of what a link leads to; of the link itself where that is missing, and undefined when the name has vanished as well. */
async function factsOf(file: string): Promise<Stats | undefined> {
  return (await stat(file).catch(unlessMissing)) ?? (await lstat(file).catch(unlessMissing));
}

function unlessMissing(error: unknown): undefined {
  if (!isErrno(error, 'ENOENT')) {
    throw error;
  }
}

/** Names of the directories in `root`; none when it does not exist. */
export async function* foldersIn(root: string): AsyncGenerator<string, void, undefined> {
  const directory = await opendir(root).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  });
  for await (const entry of directory ?? []) {
    if (entry.isDirectory()) {
      yield entry.name;
    }
  }
}

/** Temporary files of writers in `directory`, absolute if that is; none when it cannot be read. */
export async function temporaryFilesIn(
  directory: string,
): Promise<readonly { readonly path: string /** ms since the epoch. */; readonly modifiedAt: number }[]> {
  const found: { path: string; modifiedAt: number }[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    if (isTemporaryName(name)) {
      const path = join(directory, name);
      const facts = await stat(path).catch(() => undefined);
      if (facts?.isFile() === true) {
        found.push({ path, modifiedAt: facts.mtimeMs });
      }
    }
  }
  return found;
}

/**
 * Removes temporary files of `directory` that were not written to since `before` (ms since the epoch): their writer is dead. Never fails.
 */
export async function removeStaleTemporaryFiles(
  directory: string,
  { before }: { readonly before: number },
): Promise<void> {
  for (const { path, modifiedAt } of await temporaryFilesIn(directory)) {
    if (modifiedAt < before) {
      await unlink(path).catch(() => undefined);
    }
  }
}
