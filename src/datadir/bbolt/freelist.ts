import { Damage } from '../damage.ts';
import { MOST_ELEMENTS, PAGE_HEADER_SIZE, type Page } from './page.ts';
import { readU64 } from './u64.ts';

/** A count of this in the page header means that the true count is in the body. */
const COUNT_IN_BODY = MOST_ELEMENTS + 1;

/**
 * Reads a freelist page: the numbers of the pages that are free, in ascending order.
 *
 * ```
 * byte  size  field (after the 16 byte page header)
 *   16     8  the true count, only when the header's count is 65,535
 *   16   8·n  page numbers, u64 each; from byte 24 on when the count precedes them
 * ```
 *
 * Throws {@link Damage} when the page is no freelist or too short for what it lists.
 * Source: bbolt internal/common/page.go.
 */
export function decodeFreelist(page: Page): readonly number[] {
  if (page.kind !== 'freelist') {
    throw new Damage({ ...page, reason: `page ${page.id} is a ${page.kind} page where the freelist is needed` });
  }
  const counted = page.count === COUNT_IN_BODY;
  if (counted && page.bytes.length < PAGE_HEADER_SIZE + 8) {
    throw new Damage({ ...page, reason: `the freelist on page ${page.id} is too short for its count` });
  }
  const count = counted ? readU64(page.view, PAGE_HEADER_SIZE) : page.count;
  const start = PAGE_HEADER_SIZE + (counted ? 8 : 0);
  if (start + count * 8 > page.bytes.length) {
    throw new Damage({ ...page, reason: `the freelist on page ${page.id} is too short for its ${count} pages` });
  }
  return Array.from({ length: count }, (_, index) => readU64(page.view, start + index * 8));
}
