import type { ContentCheck } from '../snapshot/key-index/check-table.ts';
import { IndexDamage } from '../snapshot/key-index/index-members.ts';
import type { FoundPage } from '../snapshot/key-index/page-table.ts';
import type { FoundInFull } from './key-index.ts';

/** Parts this near to each other are read together with what is between them, bytes of the object. */
const NEAR = 64 * 1024;
/** Bytes read at once, unless one part is longer. */
const MOST_AT_ONCE = 2 * 1024 * 1024;
/** A member of which more than this share is needed is read to its end. */
const NEARLY_ALL = 0.9;
/** How much more than its share is read of the beginning of a member, as not all of it shrinks alike: a share of the member, and bytes. */
const MORE = { share: 0.02, bytes: 2 * 1024 };

/** A member that holds pages which are wanted. */
export interface WantedMember {
  readonly member: number;
  /** In key order; some may begin before the member, or end after it. */
  readonly pages: readonly FoundPage[];
  /** What proves the contents up to the last of these pages; undefined where only the end of the member does. */
  readonly upTo: ContentCheck | undefined;
}

/** Members that are read with one request. */
export interface MemberRun {
  /** Those that are needed, in order. */
  readonly members: readonly WantedMember[];
  /** Where it begins in the object, and where it ends: perhaps within the last member. */
  readonly start: number;
  readonly end: number;
}

/** How the pages that were found are read: the beginnings of members that hold them, near ones together. Throws {@link IndexDamage}. */
export function planRuns(found: FoundInFull): readonly MemberRun[] {
  const { offsets } = found.members;
  const runs: (MemberRun & { members: WantedMember[]; end: number })[] = [];
  for (const wanted of wantedMembers(found)) {
    const start = offsets[wanted.member] ?? 0;
    const end = likelyEnd(found, wanted);
    const run = runs.at(-1);
    if (run !== undefined && start - run.end <= NEAR && end - run.start <= MOST_AT_ONCE) {
      run.members.push(wanted);
      run.end = end;
    } else {
      runs.push({ members: [wanted], start, end });
    }
  }
  return runs;
}

/** Bytes of runs. */
export function bytesOf(runs: readonly MemberRun[]): number {
  return runs.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** The members with wanted pages, in order. */
function wantedMembers({
  members: { memberSize },
  checks,
  facts: { pageSize },
  contentSize,
  pages,
}: FoundInFull): readonly WantedMember[] {
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
  return [...needed]
    .sort(([a], [b]) => a - b)
    .map(([member, its]) => {
      const ends = its.map(({ page, overflow }) => (page + overflow + 1) * pageSize - member * memberSize);
      return { member, pages: its, upTo: checks?.covering(member, Math.max(...ends)) };
    });
}

/** Where in the object the contents of a member probably end that are needed of it. */
function likelyEnd(
  { members: { memberSize, offsets }, contentSize }: FoundInFull,
  { member, upTo }: WantedMember,
): number {
  const [start = 0, end = 0] = offsets.slice(member, member + 2);
  if (upTo === undefined) {
    return end;
  }
  const size = Math.min(memberSize, contentSize - member * memberSize);
  const length = end - start;
  const likely = Math.ceil(length * (upTo.end / size + MORE.share)) + MORE.bytes;
  return likely > length * NEARLY_ALL ? end : start + likely;
}
