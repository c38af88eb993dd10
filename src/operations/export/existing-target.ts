import { lstat } from 'node:fs/promises';
import { fileFailure } from '../../fs/file-failure.ts';
import { Failure } from '../../runtime/failure.ts';

/** Throws a {@link Failure} `export_exists` where a name is taken, also by a link that leads nowhere: nothing is overwritten. */
export async function refuseExisting(
  target: string,
  { wanted }: { readonly wanted: 'file' | 'directory' },
): Promise<void> {
  const found = await lstat(target).catch(() => undefined);
  if (found !== undefined) {
    throw new Failure({
      code: 'export_exists',
      action: 'export to',
      object: target,
      found: !found.isDirectory()
        ? 'it exists'
        : wanted === 'file'
          ? 'it is a directory, not a file'
          : 'there is a directory that is not empty',
      remedy: 'remove it or give another path; nothing is overwritten',
    });
  }
}

/** Does a step of writing an export; what the file system says becomes a Failure. */
export async function writing<T>(object: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw fileFailure(error, { action: 'export to', object }) ?? error;
  }
}
