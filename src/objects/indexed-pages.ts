import type { FileHandle } from 'node:fs/promises';
import { writeAll } from '../fs/write-all.ts';
import { eachInParallel } from '../runtime/async/each-in-parallel.ts';
import { CompressionDamage } from '../snapshot/damage.ts';
import type { FoundInFull } from './key-index.ts';
import { type MemberExpander, memberExpander } from './member-expander.ts';
import type { MemberRun, WantedMember } from './member-runs.ts';
import type { ObjectParts } from './ranged-object.ts';

/** What pages are read with. */
interface PageReading {
  readonly object: ObjectParts;
  readonly found: FoundInFull;
  /** Where they are written to. */
  readonly handle: FileHandle;
}

/**
 * Reads runs, `count` of them at once, and writes the pages in them to their places in a file, in which the rest stays as it is. Throws a
 * {@link CompressionDamage} when a member does not expand to the bytes that it must hold, by its checksum and their number, or by that of
 * its beginning in the index, and what the store throws.
 */
export async function writePages(
  object: ObjectParts,
  runs: readonly MemberRun[],
  { found, handle, count }: { readonly found: FoundInFull; readonly handle: FileHandle; readonly count: number },
): Promise<void> {
  using expanders = new DisposableStack();
  const idle: MemberExpander[] = [];
  await eachInParallel(runs, count, async (run) => {
    const expander = idle.pop() ?? expanders.use(memberExpander(object.snapshot.compression));
    const bytes = await object.bytes(run.start, run.end);
    for (const wanted of run.members) {
      const [start = 0, end = 0] = found.members.offsets.slice(wanted.member, wanted.member + 2);
      const held = bytes.subarray(start - run.start, Math.min(end, run.end) - run.start);
      const contents = await contentsOf(wanted, held, { object, found, handle }, expander);
      await writeWanted(wanted, contents, { object, found, handle });
    }
    idle.push(expander);
  });
}

/** The proved contents of a member, at least as far as they are wanted. `held` is its beginning, or all of it. */
async function contentsOf(
  { member, upTo }: WantedMember,
  held: Buffer,
  { object, found: { members, contentSize } }: PageReading,
  expander: MemberExpander,
): Promise<Buffer> {
  const [start = 0, end = 0] = members.offsets.slice(member, member + 2);
  if (upTo !== undefined) {
    const begun = await expander.expandStart(held, upTo);
    switch (begun.outcome) {
      case 'expanded':
        return begun.contents;
      case 'damaged':
        throw new CompressionDamage(`a member does not begin with the ${upTo.end} bytes that it must`, {
          offset: start,
        });
      case 'too short':
        break;
      default:
        begun satisfies never;
    }
  }
  const rest = end - start - held.length;
  const whole = rest === 0 ? held : Buffer.concat([held, await object.bytes(end - rest, end)]);
  const size = Math.min(members.memberSize, contentSize - member * members.memberSize);
  const pieces = await expander.expand(whole, size);
  if (pieces === undefined) {
    throw new CompressionDamage(`a member does not hold the ${size} bytes that it must`, { offset: start });
  }
  return joined(pieces);
}

async function writeWanted(
  { member, pages }: WantedMember,
  contents: Buffer,
  { found: { members, facts }, handle }: PageReading,
): Promise<void> {
  const from = member * members.memberSize;
  for (const { page, overflow } of pages) {
    const first = Math.max(from, page * facts.pageSize);
    const last = Math.min(from + members.memberSize, (page + overflow + 1) * facts.pageSize);
    await writeAll(handle, contents.subarray(first - from, last - from), first);
  }
}

function joined(pieces: readonly Uint8Array[]): Buffer {
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined
    ? Buffer.from(only.buffer, only.byteOffset, only.length)
    : Buffer.concat(pieces);
}
