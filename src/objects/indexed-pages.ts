import type { FileHandle } from 'node:fs/promises';
import { writeAll } from '../fs/write-all.ts';
import { eachInParallel } from '../runtime/async/each-in-parallel.ts';
import { CompressionDamage } from '../snapshot/damage.ts';
import { IndexDamage } from '../snapshot/key-index/index-members.ts';
import type { FoundInFull } from './key-index.ts';
import { type MemberExpander, memberExpander } from './member-expander.ts';
import type { RangedObject } from './ranged-object.ts';

/** Members this near to each other are read together with those between them, bytes of the object. */
const NEAR = 128 * 1024;
/** Bytes read at once, unless one member is longer. */
const MOST_AT_ONCE = 2 * 1024 * 1024;

/** Members that are read with one request. */
export interface MemberRun {
  /** Those that are needed, in order. */
  readonly members: readonly number[];
  /** Where it begins and ends in the object. */
  readonly start: number;
  readonly end: number;
}

/** How the pages that were found are read: the members that hold them, near ones together. Throws {@link IndexDamage}. */
export function planRuns({
  members: { memberSize, offsets },
  facts: { pageSize },
  contentSize,
  pages,
}: FoundInFull): readonly MemberRun[] {
  const needed = new Set<number>();
  for (const { page, overflow } of pages) {
    if ((page + overflow + 1) * pageSize > contentSize) {
      throw new IndexDamage(`page ${page} is beyond the end`);
    }
    const last = Math.floor(((page + overflow + 1) * pageSize - 1) / memberSize);
    for (let member = Math.floor((page * pageSize) / memberSize); member <= last; member++) {
      needed.add(member);
    }
  }
  const runs: (MemberRun & { members: number[]; end: number })[] = [];
  for (const member of [...needed].sort((a, b) => a - b)) {
    const [start = 0, end = 0] = offsets.slice(member, member + 2);
    const run = runs.at(-1);
    if (run !== undefined && start - run.end <= NEAR && end - run.start <= MOST_AT_ONCE) {
      run.members.push(member);
      run.end = end;
    } else {
      runs.push({ members: [member], start, end });
    }
  }
  return runs;
}

/** Bytes of runs. */
export function bytesOf(runs: readonly MemberRun[]): number {
  return runs.reduce((sum, { start, end }) => sum + end - start, 0);
}

/**
 * Reads runs, `count` of them at once, and writes the pages in them to their places in a file, in which the rest stays as it is. Throws a
 * {@link CompressionDamage} when a member does not expand to the bytes that it must hold, by its checksum and their number, and what the
 * store throws.
 */
export async function writePages(
  object: RangedObject,
  runs: readonly MemberRun[],
  { found, handle, count }: { readonly found: FoundInFull; readonly handle: FileHandle; readonly count: number },
): Promise<void> {
  using expanders = new DisposableStack();
  const idle: MemberExpander[] = [];
  await eachInParallel(runs, count, async (run) => {
    const expander = idle.pop() ?? expanders.use(memberExpander(object.snapshot.compression));
    await writeRun(object, run, { found, handle, expander });
    idle.push(expander);
  });
}

async function writeRun(
  object: RangedObject,
  run: MemberRun,
  {
    found,
    handle,
    expander,
  }: { readonly found: FoundInFull; readonly handle: FileHandle; readonly expander: MemberExpander },
): Promise<void> {
  const { members, contentSize, facts, pages } = found;
  const { memberSize, offsets } = members;
  const bytes = await object.bytes(run.start, run.end);
  for (const member of run.members) {
    const [start = 0, end = 0] = offsets.slice(member, member + 2);
    const from = member * memberSize;
    const size = Math.min(memberSize, contentSize - from);
    const pieces = await expander.expand(bytes.subarray(start - run.start, end - run.start), size);
    if (pieces === undefined) {
      throw new CompressionDamage(`a member does not hold the ${size} bytes that it must`, { offset: start });
    }
    const content = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
    for (const { page, overflow } of pages) {
      const first = Math.max(from, page * facts.pageSize);
      const last = Math.min(from + size, (page + overflow + 1) * facts.pageSize);
      if (first < last) {
        await writeAll(handle, content.subarray(first - from, last - from), first);
      }
    }
  }
}
