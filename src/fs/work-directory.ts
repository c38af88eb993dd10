import { fileFailure } from './file-failure.ts';
import { NoSpaceLeft } from './volume-space.ts';

/** Runs a step that makes a temporary file or directory in `directory`: what fails is about that place, whatever the work is about. */
export async function makingTemporary<T>(directory: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw fileFailure(error, { action: 'work in', object: directory, flag: '--temp-dir' }) ?? error;
  }
}

/** Runs a step that reads something else and writes to `directory`: that no space is left is about that place. */
export async function writingTemporary<T>(directory: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw error instanceof NoSpaceLeft
      ? fileFailure(error, { action: 'work in', object: directory, flag: '--temp-dir' })
      : error;
  }
}
