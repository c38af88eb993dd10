import { stat } from 'node:fs/promises';
import { isErrno } from './errno.ts';
import { makingEntry } from './making-entry.ts';

/** A directory is there, and nothing can be made in it: its file system shows what others make, as /proc does. */
export class NoNewFiles extends Error {
  readonly directory: string;

  constructor(directory: string) {
    super(`the file system of ${directory} takes no new files or directories`);
    this.name = 'NoNewFiles';
    this.directory = directory;
  }
}

/**
 * Runs a step that makes an entry of `directory`. Where it finds no place (`ENOENT`) though the directory is there, it is run once more, as the
 * directory may have been removed and made again in between. Throws {@link NoNewFiles} when that is no help, and what the step throws.
 */
export async function makingIn<T>(
  directory: { readonly path: string; readonly name?: string },
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await makingEntry(step);
  } catch (error) {
    if (!(await isPlaceless(error, directory.path))) {
      throw error;
    }
  }
  try {
    return await makingEntry(step);
  } catch (error) {
    throw (await isPlaceless(error, directory.path)) ? new NoNewFiles(directory.name ?? directory.path) : error;
  }
}

async function isPlaceless(error: unknown, directory: string): Promise<boolean> {
  return isErrno(error, 'ENOENT') && (await stat(directory).catch(() => undefined))?.isDirectory() === true;
}
