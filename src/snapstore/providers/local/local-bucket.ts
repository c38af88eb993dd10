import type { Stats } from 'node:fs';
import { open, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { isErrno } from '../../../fs/errno.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type {
  Bucket,
  BucketTraits,
  CallOptions,
  ListOptions,
  ObjectEntry,
  ReadOptions,
  Upload,
  UploadOptions,
} from '../../bucket.ts';
import { abandonedAfterMs, type Leftover } from '../../leftover.ts';
import { checkListedSize } from '../../listed-size.ts';
import { StoreError } from '../../store-error.ts';
import { fileError } from './file-error.ts';
import { localBody } from './local-body.ts';
import { beginLocalUpload } from './local-upload.ts';
import { contentOf, LocalVolume, type MountTables } from './local-volume.ts';
import { filesBelow, foldersIn, removeStaleTemporaryFiles, temporaryFilesIn } from './stored-files.ts';
import { isTemporaryName } from './temporary-name.ts';

/**
 * A directory as a container: keys are paths below it. Files are written in their directory under a hidden name, synced
 * and renamed, so a reader sees whole files only. A container that does not exist yet is an empty one, and is made
 * by the first upload.
 */
export class LocalBucket implements Bucket {
  readonly traits: BucketTraits = {
    maxParts: Number.POSITIVE_INFINITY,
    minPartSize: 0,
    partsAreData: false,
    partDigests: [],
  };
  readonly location: string;
  readonly directory: string;
  readonly #clock: Clock;
  readonly #cleaned = new Set<string>();
  readonly #volume: LocalVolume;

  /** `directory` is absolute. */
  constructor({
    directory,
    clock,
    mounts,
  }: { readonly directory: string; readonly clock: Clock; readonly mounts?: MountTables }) {
    this.#volume = new LocalVolume(directory, mounts);
    this.location = directory;
    this.directory = directory;
    this.#clock = clock;
  }

  async exists({ signal }: CallOptions): Promise<boolean> {
    signal.throwIfAborted();
    try {
      return (await stat(this.location)).isDirectory();
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) {
        return false;
      }
      throw fileError('look for', this.location, error);
    }
  }

  async *list(prefix: string, { signal, onDoubt }: ListOptions): AsyncGenerator<ObjectEntry, void, undefined> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const root = this.#pathOf(folder, 'list');
    const wanted = (path: string): boolean => `${folder}${path}`.startsWith(prefix);
    let isEmpty = true;
    try {
      await this.#volume.check('list');
      for await (const { path, size, modifiedAt } of filesBelow(root, { wanted })) {
        signal.throwIfAborted();
        isEmpty = false;
        yield { key: `${folder}${path}`, size, modifiedAt };
      }
    } catch (error) {
      signal.throwIfAborted();
      throw fileError('list', root, error);
    }
    signal.throwIfAborted();
    if (isEmpty && prefix === '' && (await contentOf(this.location)) === 'nothing') {
      onDoubt?.({ about: 'objects', reason: 'its directory is empty, as where a volume is not mounted' });
    }
  }

  async *folders(folder: string, { signal }: CallOptions): AsyncGenerator<string, void, undefined> {
    const root = this.#pathOf(folder, 'list the folders in');
    try {
      await this.#volume.check('list');
      for await (const name of foldersIn(root)) {
        signal.throwIfAborted();
        yield `${folder}${name}/`;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw fileError('list the folders in', root, error);
    }
  }

  async read(key: string, options: ReadOptions): Promise<Readable> {
    options.signal.throwIfAborted();
    const path = this.#pathOf(key, 'read');
    try {
      const handle = await open(path, 'r');
      try {
        const facts = await handle.stat();
        if (!facts.isFile()) {
          throw new StoreError('not_found', { action: 'read', object: path, found: 'it is not a file' });
        }
        if (options.range !== undefined && options.range.start < options.range.end) {
          checkSame(facts, options, path);
        } else if (options.range === undefined) {
          checkListedSize(facts.size, options.size, { action: 'read', object: path });
        }
        return localBody({ handle, path, size: facts.size }, options);
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      throw fileError('read', path, error);
    }
  }

  async beginUpload(
    key: string,
    { signal, sizeAtLeast }: Pick<UploadOptions, 'signal' | 'sizeAtLeast'>,
  ): Promise<Upload> {
    signal.throwIfAborted();
    const path = this.#pathOf(key, 'write');
    try {
      await this.#volume.check('write');
      const upload = await beginLocalUpload({ key, path }, sizeAtLeast);
      try {
        await this.#volume.used();
        await this.#clean(dirname(path));
      } catch (error) {
        await upload.abort({ signal }).catch(() => undefined);
        throw error;
      }
      return upload;
    } catch (error) {
      throw fileError('write', path, error);
    }
  }

  /** Temporary files in the folder of `prefix`; which object they were to become is not known. */
  async *leftovers(prefix: string, { signal }: CallOptions): AsyncGenerator<Leftover, void, undefined> {
    signal.throwIfAborted();
    const folder = this.#pathOf(prefix.slice(0, prefix.lastIndexOf('/') + 1), 'list');
    for (const { path, modifiedAt } of await temporaryFilesIn(folder)) {
      const remove = async (): Promise<void> => {
        await unlink(path).catch((error: unknown) => {
          if (!isErrno(error, 'ENOENT')) {
            throw fileError('remove', path, error);
          }
        });
      };
      yield { key: undefined, what: `the unfinished file ${path}`, begunAt: modifiedAt, remove };
    }
  }

  /** Folders that this leaves empty are removed as well, up to the container. */
  async delete(key: string, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    const path = this.#pathOf(key, 'delete');
    try {
      await unlink(path);
    } catch (error) {
      throw fileError('delete', path, error);
    }
    for (let folder = dirname(path); relative(this.location, folder) !== ''; folder = dirname(folder)) {
      try {
        await rmdir(folder);
      } catch {
        return;
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** Removes temporary files that dead writers left in a directory, once in the life of this bucket. */
  async #clean(directory: string): Promise<void> {
    if (!this.#cleaned.has(directory)) {
      this.#cleaned.add(directory);
      await removeStaleTemporaryFiles(directory, { before: this.#clock.now() - abandonedAfterMs });
    }
  }

  #pathOf(key: string, action: string): string {
    const segments = key.split('/');
    const astray = segments.some((segment) => segment === '.' || segment === '..' || isTemporaryName(segment));
    if (astray || key.startsWith('/') || key.includes('\0')) {
      throw new StoreError('invalid', {
        action,
        object: JSON.stringify(key),
        found: 'a local key cannot be absolute, lead out of its directory or be that of a temporary file',
      });
    }
    return join(this.location, ...segments);
  }
}

/** As in {@link lengthOfRange}: a part is read of the file that was listed, and always of the same one. */
function checkSame({ size, ino, mtimeMs }: Stats, options: ReadOptions, object: string): void {
  const invalid = (found: string): StoreError => new StoreError('invalid', { action: 'read', object, found });
  if (options.size !== undefined && options.size !== size) {
    throw invalid(`it has ${size} bytes now, and had ${options.size} when it was listed`);
  }
  if (options.tag?.agrees(`${ino} ${mtimeMs} ${size}`) === false) {
    throw invalid('it was replaced while parts of it were read');
  }
}
