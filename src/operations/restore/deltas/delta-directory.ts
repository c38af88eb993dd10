import { utimes } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories, removeEmptyDirectories } from '../../../fs/directories.ts';
import { fileFailure } from '../../../fs/file-failure.ts';
import { PinnedDirectory } from '../../../fs/pinned-directory.ts';
import { PrivateDirectory } from '../../../fs/private-directory.ts';
import { removeLeftovers } from '../../../fs/remove-leftovers.ts';
import { keepAlive } from '../../../fs/scratch-life.ts';
import { scratchName } from '../../../fs/scratch-name.ts';
import { VolumeSpace } from '../../../fs/volume-space.ts';

/**
 * The files of fetched deltas: a directory of their own in the temporary one, which is made where it is missing. Disposing removes
 * all of it, so what reads the files has to have ended before.
 */
export class DeltaDirectory implements AsyncDisposable {
  readonly #tempDir: string;
  readonly #files: PrivateDirectory;
  readonly #held: AsyncDisposableStack;
  readonly #space: VolumeSpace;

  private constructor(
    tempDir: string,
    files: PrivateDirectory,
    rest: { readonly held: AsyncDisposableStack; readonly space: VolumeSpace },
  ) {
    this.#tempDir = tempDir;
    this.#files = files;
    this.#held = rest.held;
    this.#space = rest.space;
  }

  /** Makes one. Throws a {@link Failure} when the operating system refuses. */
  static async make(temporary: string): Promise<DeltaDirectory> {
    const tempDir = path.resolve(temporary);
    await using held = new AsyncDisposableStack();
    const files = await inTemp(tempDir, async () => {
      const madeAbove = await makeDirectories(tempDir);
      if (madeAbove !== undefined) {
        held.defer(() => removeEmptyDirectories(tempDir, madeAbove));
      }
      await removeLeftovers(tempDir);
      const parent = held.use(await PinnedDirectory.open(tempDir));
      // No other user can put anything in it, not even the owner of the directory around it.
      const made = held.use(await PrivateDirectory.makeNamed(parent, scratchName('deltas')));
      held.use(keepAlive((time) => utimes(made.at(), time, time)));
      return made;
    });
    const space = await VolumeSpace.in(files.at());
    return new DeltaDirectory(tempDir, files, { held: held.move(), space });
  }

  /** A file of so many bytes will be written, as others that are there. */
  expect(bytes: number): void {
    this.#space.expect(bytes);
  }

  /** The path of a file in it. */
  at(name: string): string {
    return this.#files.at(name);
  }

  /** Runs a step that writes a file in it: its errors concern the temporary directory, not the data directory or the store. */
  async writing<T>(step: () => Promise<T>): Promise<T> {
    return await inTemp(this.#tempDir, () => this.#space.writing(step));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}

async function inTemp<T>(object: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw fileFailure(error, { action: 'write the temporary file', object }) ?? error;
  }
}
