import { type FileHandle, mkdir, open, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from './file-error.ts';
import { isTemporaryName } from './temporary-name.ts';

/** Makes what has been done to the entries of a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle: FileHandle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot sync a directory; they keep its entries by themselves.
    if (!hasCode(error, 'EINVAL') && !hasCode(error, 'ENOTSUP')) {
      throw error;
    }
  } finally {
    await handle.close();
  }
}

/** Creates a directory and its missing parents with mode 0700, durably. Returns those it created, outermost first. */
export async function makeDirectory(path: string): Promise<readonly string[]> {
  const outermost = await mkdir(path, { recursive: true, mode: 0o700 });
  if (outermost === undefined) {
    return [];
  }
  const created = [path];
  for (let at = path; at !== outermost; at = dirname(at)) {
    created.unshift(dirname(at));
  }
  for (const directory of created) {
    await syncDirectory(dirname(directory));
  }
  return created;
}

/** Removes directories that are empty, the last first; stops at the first that is not. */
export async function removeEmptyDirectories(directories: readonly string[]): Promise<void> {
  for (const directory of directories.toReversed()) {
    try {
      await rmdir(directory);
    } catch {
      return;
    }
  }
}

/** A file below a directory. */
export interface FoundFile {
  /** `/` separated, relative to the directory that was walked. */
  readonly path: string;
  readonly size: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
}

/** All files below `root` that are not temporary, folder by folder. A root that does not exist holds none; what vanishes meanwhile is left out. */
export async function* walk(root: string, below = ''): AsyncGenerator<FoundFile, void, undefined> {
  const entries = await readdir(join(root, below), { withFileTypes: true }).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) {
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
      yield* walk(root, path);
      continue;
    }
    const facts = await stat(join(root, path)).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) {
        return undefined;
      }
      throw error;
    });
    if (facts?.isFile() === true) {
      yield { path, size: facts.size, modifiedAt: facts.mtimeMs };
    }
  }
}

/** Removes temporary files of `directory` that nobody has written to since `before` (ms since the epoch): their writer is dead. Never fails. */
export async function removeLeftovers(directory: string, { before }: { readonly before: number }): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    if (isTemporaryName(name)) {
      const path = join(directory, name);
      const facts = await stat(path).catch(() => undefined);
      if (facts?.isFile() === true && facts.mtimeMs < before) {
        await unlink(path).catch(() => undefined);
      }
    }
  }
}
