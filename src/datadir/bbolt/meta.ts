import { fnv64a } from '../../checksum/fnv64a.ts';
import { Damage } from '../damage.ts';
import { encodePageHeader, FIRST_DATA_PAGE, type Origin, PAGE_HEADER_SIZE } from './page.ts';
import { readU64, writeU64 } from './u64.ts';

/**
 * Pages 0 and 1 are metas. Transactions write them in turn, by the parity of their number, so that one of them survives a torn
 * write; readers take the valid one with the higher transaction number.
 *
 * ```
 * byte  size  field (after the 16 byte page header)
 *   16     4  magic 0xED0CDAED
 *   20     4  version 2
 *   24     4  page size, bytes
 *   28     4  flags, unused
 *   32    16  root bucket: page number, sequence
 *   48     8  page of the freelist, or 2^64 - 1 when it is not kept in the file
 *   56     8  high water mark: the first page number never used
 *   64     8  transaction number
 *   72     8  FNV-64a of bytes 16 to 72
 * ```
 *
 * Source: bbolt internal/common/meta.go.
 */
export const META_END = PAGE_HEADER_SIZE + 64;

/** Page sizes that a meta may name, bytes. */
export const PAGE_SIZES: readonly number[] = Array.from({ length: 15 }, (_, index) => 1024 << index);

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const NO_FREELIST = 0xffff_ffff_ffff_ffffn;

/** One state of the database. */
export interface Meta {
  /** Bytes. */
  readonly pageSize: number;
  readonly root: { readonly page: number; readonly sequence: bigint };
  /** Page number; undefined when the file has no freelist, so that bbolt searches the free pages itself. */
  readonly freelist: number | undefined;
  /** The first page number never used: the database is this many pages long. */
  readonly highWater: number;
  readonly transaction: number;
}

/** Reads the meta of the page that begins at `view`. Throws {@link Damage} unless magic, version, checksum and fields are valid. */
export function decodeMeta(view: DataView, origin: Origin): Meta {
  if (view.byteLength < META_END) {
    throw new Damage({ ...origin, reason: `${view.byteLength} bytes where a meta page needs ${META_END}` });
  }
  const magic = view.getUint32(16, true);
  if (magic !== MAGIC) {
    const reason = `no database begins here: its mark is 0x${hex(magic)} instead of 0x${hex(MAGIC)}`;
    throw new Damage({ ...origin, reason });
  }
  const version = view.getUint32(20, true);
  if (version !== VERSION) {
    throw new Damage({ ...origin, reason: `bbolt version ${version} instead of ${VERSION}` });
  }
  if (view.getBigUint64(72, true) !== checksum(view)) {
    throw new Damage({ ...origin, reason: 'the checksum of the meta page does not match' });
  }
  const freelist = view.getBigUint64(48, true) === NO_FREELIST ? undefined : readU64(view, 48);
  const meta: Meta = {
    pageSize: view.getUint32(24, true),
    root: { page: readU64(view, 32), sequence: view.getBigUint64(40, true) },
    freelist,
    highWater: readU64(view, 56),
    transaction: readU64(view, 64),
  };
  const reason = implausible(meta);
  if (reason !== undefined) {
    throw new Damage({ ...origin, reason });
  }
  return meta;
}

/** Whether the first bytes of a file hold the mark of a meta page, sound or not, at one of the two places where a database has it. */
export function holdsMetaMark(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return [0, ...PAGE_SIZES].some((page) => {
    const at = page + PAGE_HEADER_SIZE;
    return at + 4 <= head.length && view.getUint32(at, true) === MAGIC;
  });
}

/** Writes page header and meta into `view`, as page `id` (0 or 1). */
export function encodeMeta(view: DataView, id: 0 | 1, meta: Meta): void {
  encodePageHeader(view, { id, kind: 'meta', count: 0, overflow: 0 });
  view.setUint32(16, MAGIC, true);
  view.setUint32(20, VERSION, true);
  view.setUint32(24, meta.pageSize, true);
  view.setUint32(28, 0, true);
  writeU64(view, 32, meta.root.page);
  view.setBigUint64(40, meta.root.sequence, true);
  if (meta.freelist === undefined) {
    view.setBigUint64(48, NO_FREELIST, true);
  } else {
    writeU64(view, 48, meta.freelist);
  }
  writeU64(view, 56, meta.highWater);
  writeU64(view, 64, meta.transaction);
  view.setBigUint64(72, checksum(view), true);
}

function checksum(view: DataView): bigint {
  return fnv64a(new Uint8Array(view.buffer, view.byteOffset + PAGE_HEADER_SIZE, 56));
}

function hex(mark: number): string {
  return mark.toString(16).padStart(8, '0');
}

function implausible(meta: Meta): string | undefined {
  const { pageSize, root, freelist, highWater, transaction } = meta;
  if (!PAGE_SIZES.includes(pageSize)) {
    return `page size ${pageSize}, which is not a power of two from ${PAGE_SIZES[0]} to ${PAGE_SIZES.at(-1)}`;
  }
  if (highWater * pageSize > Number.MAX_SAFE_INTEGER || transaction >= Number.MAX_SAFE_INTEGER - 2) {
    return `high water mark ${highWater} or transaction ${transaction}, which are out of range`;
  }
  if (root.page < FIRST_DATA_PAGE || root.page >= highWater) {
    return `root bucket on page ${root.page}, outside of ${FIRST_DATA_PAGE} to ${highWater}`;
  }
  if (freelist !== undefined && (freelist < FIRST_DATA_PAGE || freelist >= highWater)) {
    return `freelist on page ${freelist}, outside of ${FIRST_DATA_PAGE} to ${highWater}`;
  }
  return undefined;
}
