import { Damage } from '../damage.ts';
import { readU64, writeU64 } from './u64.ts';

/**
 * A bbolt file is an array of pages of one size; a page that needs more room continues on the pages after it.
 * All integers are little-endian (bbolt writes the machine's order; every machine etcd supports is little-endian).
 *
 * ```
 * byte  size  field
 *    0     8  page number: its offset in the file, in pages
 *    8     2  kind: 1 branch, 2 leaf, 4 meta, 16 freelist
 *   10     2  number of elements
 *   12     4  overflow: how many further pages belong to this one
 *   16        elements
 * ```
 *
 * Source: bbolt internal/common/page.go.
 */
export const PAGE_HEADER_SIZE = 16;

/** Pages 0 and 1 are metas; everything else follows. */
export const FIRST_DATA_PAGE = 2;

/** The most elements that a leaf or branch page counts: 65,535 has a meaning of its own on a freelist page. */
export const MOST_ELEMENTS = 0xfffe;

/** What a page holds. */
export type PageKind = 'branch' | 'leaf' | 'meta' | 'freelist';

const KIND_FLAGS: Readonly<Record<PageKind, number>> = { branch: 1, leaf: 2, meta: 4, freelist: 16 };

/** The first 16 bytes of a page. */
export interface PageHeader {
  /** Page number. */
  readonly id: number;
  readonly kind: PageKind;
  readonly count: number;
  /** Pages beyond the first. */
  readonly overflow: number;
}

/** A page in memory with its overflow pages. */
export interface Page extends PageHeader {
  /** Header and elements, (overflow + 1) pages long. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** For damage reports: the file, and where in it the page begins. */
  readonly file: string;
  readonly offset: number;
}

/** Where bytes come from, for damage reports. */
export interface Origin {
  readonly file: string;
  readonly offset: number;
}

/** Reads a page header at the start of `view`. Throws {@link Damage} when it is cut short or its kind is none of the four. */
export function decodePageHeader(view: DataView, origin: Origin): PageHeader {
  if (view.byteLength < PAGE_HEADER_SIZE) {
    throw new Damage({ ...origin, reason: `${view.byteLength} bytes where a page header needs ${PAGE_HEADER_SIZE}` });
  }
  const kind = kindOf(view.getUint16(8, true));
  if (kind === undefined) {
    const found = view.getUint16(8, true).toString(16);
    throw new Damage({ ...origin, reason: `a page of unknown kind 0x${found}` });
  }
  return { id: readU64(view, 0), kind, count: view.getUint16(10, true), overflow: view.getUint32(12, true) };
}

/** Writes a page header at `at`. */
export function encodePageHeader(view: DataView, header: PageHeader, at = 0): void {
  writeU64(view, at, header.id);
  view.setUint16(at + 8, KIND_FLAGS[header.kind], true);
  view.setUint16(at + 10, header.count, true);
  view.setUint32(at + 12, header.overflow, true);
}

function kindOf(flags: number): PageKind | undefined {
  switch (flags) {
    case KIND_FLAGS.branch:
      return 'branch';
    case KIND_FLAGS.leaf:
      return 'leaf';
    case KIND_FLAGS.meta:
      return 'meta';
    case KIND_FLAGS.freelist:
      return 'freelist';
    default:
      return undefined;
  }
}
