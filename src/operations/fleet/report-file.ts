import { access, constants, lstat, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from '../../fs/errno.ts';
import { fileFailure } from '../../fs/file-failure.ts';
import { kindOf, NotAFile, openFile } from '../../fs/open-file.ts';
import { scratchName } from '../../fs/scratch-name.ts';
import { syncDirectory } from '../../fs/sync.ts';
import { writeAll } from '../../fs/write-all.ts';

/** What others read, such as the collector of a node exporter: no secret is in a report. */
const mode = 0o644;

/** A file for a report, which readers see as it was before or whole. */
export class ReportFile {
  readonly #named: string;
  /** Where it is, behind links. */
  readonly #target: string;

  private constructor(named: string, target: string) {
    this.#named = named;
    this.#target = target;
  }

  /**
   * Looks whether a report can be written there, before the work that it is about. What is there has to be a file: a pipe or a device would be
   * replaced by one. A link is followed. Throws a Failure.
   */
  static async at(file: string): Promise<ReportFile> {
    return await writing(file, async () => {
      const target = await placeOf(file);
      await access(path.dirname(target), constants.W_OK | constants.X_OK);
      return new ReportFile(file, target);
    });
  }

  /** Whether both are one file. */
  equals(other: ReportFile): boolean {
    return this.#target === other.#target;
  }

  /** Throws a Failure. */
  async write(text: string): Promise<void> {
    const directory = path.dirname(this.#target);
    // The collector reads names that end with .prom only.
    const temporary = path.join(directory, scratchName('report'));
    await writing(this.#named, async () => {
      try {
        const handle = await openFile(temporary, { access: 'write' });
        try {
          await writeAll(handle, Buffer.from(text));
          await handle.chmod(mode);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(temporary, this.#target);
        await syncDirectory(directory);
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined);
        throw error;
      }
    });
  }
}

async function placeOf(file: string): Promise<string> {
  const given = path.resolve(file);
  try {
    const target = await realpath(given);
    const found = await lstat(target);
    if (!found.isFile()) {
      throw new NotAFile(file, kindOf(found));
    }
    return target;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) {
      throw error;
    }
    const link = await lstat(given).catch(() => undefined);
    if (link !== undefined) {
      throw new NotAFile(file, 'a link that leads nowhere');
    }
    return path.join(await realpath(path.dirname(given)), path.basename(given));
  }
}

async function writing<T>(file: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw fileFailure(error, { action: 'write', object: file }) ?? error;
  }
}
