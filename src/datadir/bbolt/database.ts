import { Damage } from '../damage.ts';
import { BlockFile } from './block-file.ts';
import { Bucket } from './bucket.ts';
import { decodeMeta, META_END, type Meta, PAGE_SIZES } from './meta.ts';
import { PageReader } from './page-reader.ts';

/** A bbolt file opened for reading, in the state its newest valid meta describes. */
export class Database implements AsyncDisposable {
  readonly path: string;
  readonly meta: Meta;
  /** Bytes of the file; there may be more than the pages in use have. */
  readonly fileSize: number;
  /** Why the other meta is unusable, if it is. bbolt needs only one, so the database is sound. */
  readonly tornMeta: Damage | undefined;
  readonly pages: PageReader;
  /** The bucket of buckets. */
  readonly root: Bucket;
  readonly #file: BlockFile;

  private constructor(file: BlockFile, metas: { readonly chosen: Meta; readonly torn: Damage | undefined }) {
    this.#file = file;
    this.path = file.path;
    this.fileSize = file.size;
    this.meta = metas.chosen;
    this.tornMeta = metas.torn;
    this.pages = new PageReader(file, metas.chosen);
    this.root = new Bucket(this.pages, { at: 'page', ...metas.chosen.root });
  }

  /** Opens `path`. Throws {@link Damage} when no meta is valid or the file is shorter than it says. */
  static async open(path: string): Promise<Database> {
    const file = await BlockFile.open(path);
    try {
      const metas = await readMetas(file);
      const needed = metas.chosen.highWater * metas.chosen.pageSize;
      if (needed > file.size) {
        throw new Damage({ file: path, offset: file.size, reason: `the file ends here, its pages end at ${needed}` });
      }
      return new Database(file, metas);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The top-level bucket of that name, or undefined. */
  bucket(name: string): Promise<Bucket | undefined> {
    return this.root.bucket(new TextEncoder().encode(name));
  }

  /** Makes durable what was written to the file until now, by any process. What follows is not durable. */
  settle(): Promise<void> {
    return this.#file.settle();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file[Symbol.asyncDispose]();
  }
}

async function readMetas(file: BlockFile): Promise<{ chosen: Meta; torn: Damage | undefined }> {
  const first = await tryMeta(file, 0);
  if (first instanceof Damage) {
    for (const pageSize of PAGE_SIZES) {
      const second = await tryMeta(file, pageSize);
      if (!(second instanceof Damage) && second.pageSize === pageSize) {
        return { chosen: second, torn: first };
      }
    }
    throw first;
  }
  const second = await tryMeta(file, first.pageSize);
  if (second instanceof Damage) {
    return { chosen: first, torn: second };
  }
  return { chosen: second.transaction > first.transaction ? second : first, torn: undefined };
}

async function tryMeta(file: BlockFile, offset: number): Promise<Meta | Damage> {
  try {
    const bytes = await file.read(offset, META_END);
    return decodeMeta(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), { file: file.path, offset });
  } catch (error) {
    if (error instanceof Damage) {
      return error;
    }
    throw error;
  }
}
