import path from 'node:path';
import { isErrno } from './errno.ts';
import { PinnedDirectory } from './pinned-directory.ts';

/** Opens a directory; undefined when there is none. */
export async function openIfPresent(directory: string): Promise<PinnedDirectory | undefined> {
  try {
    return await PinnedDirectory.open(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

/** Opens the directory, or the nearest one above it that exists. */
export async function nearestExisting(directory: string): Promise<PinnedDirectory> {
  for (let at = directory; ; at = path.dirname(at)) {
    const found = await openIfPresent(at);
    if (found !== undefined) {
      return found;
    }
  }
}
