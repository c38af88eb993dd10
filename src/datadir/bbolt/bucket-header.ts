import { Damage } from '../damage.ts';
import { decodePageHeader, type Origin, PAGE_HEADER_SIZE, type Page } from './page.ts';
import { readU64, writeU64 } from './u64.ts';

/**
 * The value of a leaf element that is a bucket. A small bucket is inline: its page number is 0, and a leaf page without padding
 * follows the header.
 *
 * ```
 * byte  size  field
 *    0     8  page number of the bucket's root, 0 when inline
 *    8     8  sequence, a counter for the user (etcd does not use it)
 *   16        inline only: a leaf page (its page number is 0)
 * ```
 *
 * Source: bbolt internal/common/bucket.go, bucket.go.
 */
const BUCKET_HEADER_SIZE = 16;

/** The root of a bucket's tree. */
export type BucketRoot =
  | { readonly at: 'page'; readonly page: number; readonly sequence: bigint }
  | { readonly at: 'inline'; readonly leaf: Page; readonly sequence: bigint };

/** Reads a bucket value. Throws {@link Damage} when it is too short or the inline page is no leaf. */
export function decodeBucketHeader(value: Uint8Array, origin: Origin): BucketRoot {
  if (value.length < BUCKET_HEADER_SIZE) {
    throw new Damage({
      ...origin,
      reason: `a bucket header of ${value.length} bytes instead of ${BUCKET_HEADER_SIZE}`,
    });
  }
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const page = readU64(view, 0);
  const sequence = view.getBigUint64(8, true);
  if (page !== 0) {
    return { at: 'page', page, sequence };
  }
  const inline = { file: origin.file, offset: origin.offset + BUCKET_HEADER_SIZE };
  if (value.length < BUCKET_HEADER_SIZE + PAGE_HEADER_SIZE) {
    throw new Damage({ ...inline, reason: `an inline bucket of ${value.length} bytes has no page` });
  }
  const bytes = value.subarray(BUCKET_HEADER_SIZE);
  const inner = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { at: 'inline', leaf: { ...decodePageHeader(inner, inline), bytes, view: inner, ...inline }, sequence };
}

/** A bucket value that points to a root page. */
export function encodeBucketHeader(root: { readonly page: number; readonly sequence: bigint }): Uint8Array {
  const value = new Uint8Array(BUCKET_HEADER_SIZE);
  const view = new DataView(value.buffer);
  writeU64(view, 0, root.page);
  view.setBigUint64(8, root.sequence, true);
  return value;
}
