import { lacksInodes, noInodes } from './inodes.ts';
import { NoSpaceLeft } from './volume-space.ts';

/**
 * Runs a step that makes a file or directory. Throws a {@link NoSpaceLeft} that says so when the volume has room, and no inode left: asked at
 * once, as what is removed afterwards frees some.
 */
export async function makingEntry<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw lacksInodes(error) && error instanceof Error
      ? new NoSpaceLeft(noInodes.found, error, noInodes.remedy)
      : error;
  }
}
