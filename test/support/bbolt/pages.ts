import { encodePageHeader, type Origin, type Page, type PageHeader } from '../../../src/datadir/bbolt/page.ts';

/** Where pages of tests come from. */
export const origin: Origin = { file: 'db', offset: 4096 };

/** All of some bytes as a view. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Page 1 with a header and a body, `size` bytes long. */
export function pageWith(header: Omit<PageHeader, 'id' | 'overflow'>, body: Uint8Array, size = 4096): Page {
  const bytes = new Uint8Array(size);
  encodePageHeader(viewOf(bytes), { ...header, id: 1, overflow: 0 });
  bytes.set(body, 16);
  return { ...header, id: 1, overflow: 0, bytes, view: viewOf(bytes), ...origin };
}

/** The same page, as if only its first `length` bytes were there. */
export function cutTo(page: Page, length: number): Page {
  const bytes = page.bytes.subarray(0, length);
  return { ...page, bytes, view: viewOf(bytes) };
}

/** Little-endian numbers of 32 bits. */
export function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}
