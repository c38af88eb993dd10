import type { VolumeSpace } from '../../../fs/volume-space.ts';
import { temporaryFileFailure } from './temporary-file-failure.ts';

/** Where temporary files go, and the free space there. */
export interface TemporaryPlace {
  readonly tempDir: string;
  readonly space?: VolumeSpace;
}

/** Writes there. Throws a Failure `temp_unwritable` where that cannot be done. */
export async function writingTo<T>({ tempDir, space }: TemporaryPlace, work: () => Promise<T>): Promise<T> {
  try {
    return await (space === undefined ? work() : space.writing(work));
  } catch (cause) {
    throw temporaryFileFailure(tempDir, cause);
  }
}
