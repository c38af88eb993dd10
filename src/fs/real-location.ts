import { readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from './errno.ts';

/** As many links as Linux follows. */
const MOST_LINKS = 40;

/**
 * The absolute path without links of something that need not exist: all spellings of a place give the same one, also those through a
 * link whose target is missing. Throws what the operating system says, such as `ENOTDIR`.
 */
export async function realLocation(file: string): Promise<string> {
  return await locate(path.resolve(file), 0);
}

async function locate(file: string, links: number): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || path.dirname(file) === file || links > MOST_LINKS) {
      throw error;
    }
  }
  const place = path.join(await locate(path.dirname(file), links), path.basename(file));
  const target = await readlink(place).catch(() => undefined);
  return target === undefined ? place : await locate(path.resolve(path.dirname(place), target), links + 1);
}
