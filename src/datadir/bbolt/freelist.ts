import { Damage } from '../damage.ts';
import { PAGE_HEADER_SIZE, type Page } from './page.ts';
import { readU64 } from './u64.ts';

/** A count of this many means that the true count stands in the first eight bytes after the header. */
const COUNT_ELSEWHERE = 0xffff;

/**
 * Page numbers on a freelist page: u64 each after the page header, in ascending order.
 * With 65,535 or more of them the header's count is 65,535 and the first u64 is the true count.
 * Throws {@link Damage} when the page is no freelist or too short for what it lists.
 *
 * Source: bbolt internal/common/page.go.
 */
export function decodeFreelist(page: Page): readonly number[] {
  if (page.kind !== 'freelist') {
    throw new Damage({ ...page, reason: `page ${page.id} is a ${page.kind} page where the freelist is needed` });
  }
  const counted = page.count === COUNT_ELSEWHERE;
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
