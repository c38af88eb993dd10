import { Damage } from '../damage.ts';
import type { BlockFile } from './block-file.ts';
import type { Meta } from './meta.ts';
import {
  decodePageHeader,
  FIRST_DATA_PAGE,
  type Origin,
  PAGE_HEADER_SIZE,
  type Page,
  type PageHeader,
} from './page.ts';

/** Most bytes of a page with its overflow, which is held in memory whole. etcd's largest records have a few MiB. */
const LARGEST_RUN = 1024 * 1024 * 1024;

/** Reads pages by number. */
export class PageReader {
  readonly path: string;
  readonly meta: Meta;
  /** What the pages are read from. */
  readonly file: BlockFile;

  constructor(file: BlockFile, meta: Meta) {
    this.file = file;
    this.path = file.path;
    this.meta = meta;
  }

  /** The damage to report when something refers to a page that does not exist. */
  outOfBounds(id: number): Damage {
    const reason = `page ${id} is referred to, but pages are ${FIRST_DATA_PAGE} to ${this.meta.highWater}`;
    return new Damage({ file: this.path, offset: 0, reason });
  }

  /** The header of any page, metas included. Throws {@link Damage} when it holds another page number. */
  async header(id: number): Promise<PageHeader> {
    const origin = { file: this.path, offset: id * this.meta.pageSize };
    return headerOf(await this.file.read(origin.offset, PAGE_HEADER_SIZE), id, origin);
  }

  /**
   * The page with its overflow pages. Throws {@link Damage} when it is outside of the database or holds another page number.
   */
  async page(id: number): Promise<Page> {
    const { pageSize, highWater } = this.meta;
    if (id < FIRST_DATA_PAGE || id >= highWater) {
      throw this.outOfBounds(id);
    }
    const origin = { file: this.path, offset: id * pageSize };
    let bytes = await this.file.read(origin.offset, pageSize);
    const header = headerOf(bytes, id, origin);
    if (header.overflow > 0) {
      const size = (header.overflow + 1) * pageSize;
      if (id + header.overflow >= highWater || size > LARGEST_RUN) {
        throw new Damage({ ...origin, reason: `page ${id} goes on over ${header.overflow} pages, which is too far` });
      }
      bytes = await this.file.read(origin.offset, size);
    }
    return { ...header, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), ...origin };
  }
}

function headerOf(bytes: Uint8Array, id: number, origin: Origin): PageHeader {
  const header = decodePageHeader(new DataView(bytes.buffer, bytes.byteOffset, PAGE_HEADER_SIZE), origin);
  if (header.id !== id) {
    throw new Damage({ ...origin, reason: `page ${id} has the header of page ${header.id}` });
  }
  return header;
}
