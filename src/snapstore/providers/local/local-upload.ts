import { type FileHandle, link, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeDirectories, removeEmptyDirectories, syncMadeDirectories } from '../../../fs/directories.ts';
import { isErrno } from '../../../fs/errno.ts';
import { syncDirectory } from '../../../fs/sync.ts';
import { VolumeSpace } from '../../../fs/volume-space.ts';
import { writeAll } from '../../../fs/write-all.ts';
import type { CallOptions, ObjectEntry, Upload, UploadPart } from '../../bucket.ts';
import { StoreError } from '../../store-error.ts';
import { fileError } from './file-error.ts';
import { temporaryName } from './temporary-name.ts';

/** Directories may vanish under a writer when others delete the last file in them. */
const ATTEMPTS = 3;

/** What hard links fail with between file systems, and on those without. */
const WITHOUT_LINKS = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** Where a file goes. */
export interface LocalTarget {
  /** Key inside the container. */
  readonly key: string;
  /** Absolute path. */
  readonly path: string;
}

/** Opens a temporary file next to the target (0600, directories 0700). `sizeAtLeast` is what it will have at least, bytes, where that is known. */
export async function beginLocalUpload(target: LocalTarget, sizeAtLeast: number | undefined): Promise<Upload> {
  const directory = dirname(target.path);
  const temporary = join(directory, temporaryName());
  for (let attempt = 1; ; attempt += 1) {
    let topmost: string | undefined;
    try {
      topmost = await makeDirectories(directory);
      if (topmost !== undefined) {
        await syncMadeDirectories(directory, topmost);
      }
      const space = await VolumeSpace.in(directory);
      space.expect(sizeAtLeast ?? 0);
      const handle = await space.writing(() => open(temporary, 'wx', 0o600));
      return new LocalUpload(target, { handle, temporary, topmost, space });
    } catch (error) {
      if (attempt === ATTEMPTS || !isErrno(error, 'ENOENT')) {
        await removeMade(directory, topmost).catch(() => undefined);
        throw error;
      }
    }
  }
}

async function removeMade(directory: string, topmost: string | undefined): Promise<void> {
  if (topmost !== undefined) {
    await removeEmptyDirectories(directory, topmost);
  }
}

interface TemporaryFile {
  readonly handle: FileHandle;
  readonly temporary: string;
  /** The uppermost of the directories that were made for it; undefined when all existed. */
  readonly topmost: string | undefined;
  /** Where it is. */
  readonly space: VolumeSpace;
}

class LocalUpload implements Upload {
  readonly #target: LocalTarget;
  readonly #file: TemporaryFile;
  #handle: FileHandle;
  #open = true;
  #published = false;

  constructor(target: LocalTarget, file: TemporaryFile) {
    this.#target = target;
    this.#file = file;
    this.#handle = file.handle;
  }

  /** By a hard link in place of the empty file, which needs the same file system. It is synced here already. */
  async linkFile(path: string, { signal }: CallOptions): Promise<boolean> {
    signal.throwIfAborted();
    const { temporary } = this.#file;
    const linked = join(dirname(temporary), temporaryName());
    try {
      await link(path, linked);
    } catch (error) {
      if (WITHOUT_LINKS.some((code) => isErrno(error, code))) {
        return false;
      }
      throw fileError('write', this.#target.path, error);
    }
    try {
      await rename(linked, temporary);
      const empty = this.#handle;
      this.#handle = await open(temporary, 'r+');
      await empty.close();
      await this.#handle.chmod(0o600);
      await this.#handle.sync();
      return true;
    } catch (error) {
      await unlink(linked).catch(() => undefined);
      throw fileError('write', this.#target.path, error);
    }
  }

  async writePart(part: UploadPart, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    const { space } = this.#file;
    space.expect(part.offset + part.bytes.length);
    try {
      await space.writing(() => writeAll(this.#handle, part.bytes, part.offset));
    } catch (error) {
      throw fileError('write', this.#target.path, error);
    }
  }

  async complete(whole: { readonly size: number }, { signal }: CallOptions): Promise<ObjectEntry> {
    const { key, path } = this.#target;
    try {
      const { size } = await this.#handle.stat();
      if (size !== whole.size) {
        throw new StoreError('invalid', {
          action: 'write',
          object: path,
          found: `${size} bytes are in the file, ${whole.size} were written`,
        });
      }
      await this.#file.space.writing(() => this.#handle.sync());
      await this.#close();
      signal.throwIfAborted();
      await rename(this.#file.temporary, path);
      this.#published = true;
      await syncDirectory(dirname(path));
      return { key, size, modifiedAt: (await stat(path)).mtimeMs };
    } catch (error) {
      signal.throwIfAborted();
      throw fileError('write', path, error);
    }
  }

  get leftovers(): string {
    return this.#file.temporary;
  }

  async abort(): Promise<void> {
    await this.#close();
    if (this.#published) {
      return;
    }
    try {
      const { temporary, topmost } = this.#file;
      await unlink(temporary);
      await removeMade(dirname(temporary), topmost);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) {
        throw fileError('remove', this.#file.temporary, error);
      }
    }
  }

  async #close(): Promise<void> {
    if (this.#open) {
      this.#open = false;
      await this.#handle.close();
    }
  }
}
