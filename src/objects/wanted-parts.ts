import type { ContentCheck } from '../snapshot/key-index/check-table.ts';
import { IndexDamage } from '../snapshot/key-index/index-members.ts';
import type { FoundPage } from '../snapshot/key-index/page-table.ts';
import type { FoundInFull } from './key-index.ts';

/** A part of a member that holds pages which are wanted: from its beginning on, or from one of its access points. */
export interface WantedPart {
  readonly member: number;
  /** In key order; some may begin before the part, or end after it. */
  readonly pages: readonly FoundPage[];
  /** What is before the part in the contents of the member; undefined where it begins with the member. */
  readonly from: ContentCheck | undefined;
  /** What proves the contents up to the last of these pages; undefined where only the end of the member does. */
  readonly upTo: ContentCheck | undefined;
  /** Where it begins in the object. */
  readonly start: number;
  /** Where in the object what is needed probably ends. */
  readonly likelyEnd: number;
  /** Where it ends at the latest: at an access point, or with the member. */
  readonly end: number;
  /** How many bytes the contents of the member have up to {@link end}. */
  readonly contentEnd: number;
}

/** What is between two access points, or the beginning or end of a member. */
interface Section {
  /** Bytes of the contents of the member before it, and up to its end. */
  readonly contentStart: number;
  readonly contentEnd: number;
  /** Where it begins and ends in the object. */
  readonly start: number;
  readonly end: number;
}

/** A part of which more than this share is needed is read to its end. */
const NEARLY_ALL = 0.9;
/** How much more than its share is read of the beginning of a part, as not all of it shrinks alike: a share of the part, and bytes. */
const MORE = { share: 0.02, bytes: 2 * 1024 };

/** The parts of members with wanted pages, in order. Throws {@link IndexDamage}. */
export function wantedParts(found: FoundInFull): readonly WantedPart[] {
  return [...pagesByMember(found)]
    .sort(([a], [b]) => a - b)
    .flatMap(([member, pages]) => partsOf(found, { member, pages }));
}

function pagesByMember({
  members: { memberSize },
  facts: { pageSize },
  contentSize,
  pages,
}: FoundInFull): ReadonlyMap<number, readonly FoundPage[]> {
  const needed = new Map<number, FoundPage[]>();
  let total = 0;
  for (const found of pages) {
    const { page, overflow } = found;
    const end = (page + overflow + 1) * pageSize;
    total += (overflow + 1) * pageSize;
    if (page < 0 || end > contentSize) {
      throw new IndexDamage(`page ${page} is beyond the ${page < 0 ? 'beginning' : 'end'}`);
    }
    // No two pages share a place: what is planned is never more than the contents, whatever an index says.
    if (total > contentSize) {
      throw new IndexDamage(`its pages overlap at page ${page}`);
    }
    const last = Math.floor((end - 1) / memberSize);
    for (let member = Math.floor((page * pageSize) / memberSize); member <= last; member++) {
      const its = needed.get(member);
      if (its === undefined) {
        needed.set(member, [found]);
      } else {
        its.push(found);
      }
    }
  }
  return needed;
}

/** Sections with wanted pages that follow each other are one part. */
function partsOf(
  found: FoundInFull,
  { member, pages }: { readonly member: number; readonly pages: readonly FoundPage[] },
): readonly WantedPart[] {
  const { pageSize } = found.facts;
  const before = member * found.members.memberSize;
  const startOf = ({ page }: FoundPage): number => page * pageSize - before;
  const endOf = ({ page, overflow }: FoundPage): number => (page + overflow + 1) * pageSize - before;
  const parts: { first: Section; last: Section; pages: Set<FoundPage> }[] = [];
  for (const section of sectionsOf(found, member)) {
    const its = pages.filter((page) => startOf(page) < section.contentEnd && endOf(page) > section.contentStart);
    if (its.length === 0) {
      continue;
    }
    const part = parts.at(-1);
    if (part?.last.end === section.start) {
      part.last = section;
      its.forEach((page) => void part.pages.add(page));
    } else {
      parts.push({ first: section, last: section, pages: new Set(its) });
    }
  }
  return parts.map(({ first, last, pages: its }) => {
    const { contentStart } = first;
    const wantedEnd = Math.min(last.contentEnd, Math.max(...Array.from(its, endOf)));
    const upTo = found.checks?.covering(member, wantedEnd);
    return {
      member,
      pages: pages.filter((page) => its.has(page)),
      from: contentStart === 0 ? undefined : found.checks?.covering(member, contentStart),
      upTo,
      start: first.start,
      likelyEnd: likelyEnd(last, upTo),
      end: last.end,
      contentEnd: last.contentEnd,
    };
  });
}

/** The sections of a member; one only where it has no access points, or no checksums at them. */
function sectionsOf({ members, contentSize, checks, points }: FoundInFull, member: number): readonly Section[] {
  const { memberSize, offsets } = members;
  const [start = 0, end = 0] = offsets.slice(member, member + 2);
  const size = Math.min(memberSize, contentSize - member * memberSize);
  const { distance, lengths } = points[member] ?? { distance: size, lengths: [] };
  const sections: Section[] = [];
  let last: Section = { contentStart: 0, contentEnd: size, start, end };
  for (const [at, length] of lengths.entries()) {
    const border = { content: (at + 1) * distance, object: last.start + length };
    if (checks?.covering(member, border.content)?.end !== border.content) {
      return [{ contentStart: 0, contentEnd: size, start, end }];
    }
    sections.push({ ...last, contentEnd: border.content, end: border.object });
    last = { ...last, contentStart: border.content, start: border.object };
  }
  return [...sections, last];
}

/** Where what is needed of a part probably ends, which is in its last section. */
function likelyEnd({ contentStart, contentEnd, start, end }: Section, upTo: ContentCheck | undefined): number {
  if (upTo === undefined) {
    return end;
  }
  const length = end - start;
  const share = (upTo.end - contentStart) / (contentEnd - contentStart);
  const likely = Math.ceil(length * (share + MORE.share)) + MORE.bytes;
  return likely > length * NEARLY_ALL ? end : start + likely;
}
