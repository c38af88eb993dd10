import type { FileHandle } from 'node:fs/promises';
import { writeAll } from '../fs/write-all.ts';
import { eachInParallel } from '../runtime/async/each-in-parallel.ts';
import { CompressionDamage } from '../snapshot/damage.ts';
import type { FoundInFull } from './key-index.ts';
import { type MemberExpander, memberExpander } from './member-expander.ts';
import type { MemberRun } from './member-runs.ts';
import type { ObjectParts } from './ranged-object.ts';
import type { WantedPart } from './wanted-parts.ts';

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
    for (const part of run.parts) {
      const held = bytes.subarray(part.start - run.start, Math.min(part.end, run.end) - run.start);
      const contents = await contentsOf(part, held, { object, found, handle }, expander);
      await writeWanted(part, contents, { object, found, handle });
    }
    idle.push(expander);
  });
}

/** The proved contents of a part, at least as far as they are wanted. `held` is its beginning, or all of it. */
async function contentsOf(
  part: WantedPart,
  held: Buffer,
  { object, found: { members, contentSize } }: PageReading,
  expander: MemberExpander,
): Promise<Buffer> {
  const { member, from, upTo, start, end, contentEnd } = part;
  const afterPart = (members.offsets[member + 1] ?? 0) - end;
  const rest = end - start - held.length;
  if (upTo !== undefined) {
    const begun = await expander.expandStart(held, { from, upTo, after: rest + afterPart });
    switch (begun.outcome) {
      case 'expanded':
        return begun.contents;
      case 'damaged':
        throw damaged(part);
      case 'too short':
        break;
      default:
        begun satisfies never;
    }
  }
  const whole = rest === 0 ? held : Buffer.concat([held, await object.bytes(end - rest, end)]);
  const size = Math.min(members.memberSize, contentSize - member * members.memberSize);
  if (from !== undefined || contentEnd < size) {
    const expanded =
      upTo === undefined
        ? await expander.expandEnd(whole, { from, size })
        : await expander.expandStart(whole, { from, upTo, after: afterPart });
    if (expanded.outcome !== 'expanded') {
      throw damaged(part);
    }
    return expanded.contents;
  }
  const pieces = await expander.expand(whole, size);
  if (pieces === undefined) {
    throw new CompressionDamage(`a member does not hold the ${size} bytes that it must`, { offset: start });
  }
  return joined(pieces);
}

function damaged({ start, from, upTo, contentEnd }: WantedPart): CompressionDamage {
  const size = (upTo?.end ?? contentEnd) - (from?.end ?? 0);
  return new CompressionDamage(`a part of a member does not begin with the ${size} bytes that it must`, {
    offset: start,
  });
}

async function writeWanted(
  { member, pages, from, contentEnd }: WantedPart,
  contents: Buffer,
  { found: { members, facts }, handle }: PageReading,
): Promise<void> {
  const before = member * members.memberSize;
  const start = before + (from?.end ?? 0);
  for (const { page, overflow } of pages) {
    const first = Math.max(start, page * facts.pageSize);
    const last = Math.min(before + contentEnd, (page + overflow + 1) * facts.pageSize);
    await writeAll(handle, contents.subarray(first - start, last - start), first);
  }
}

function joined(pieces: readonly Uint8Array[]): Buffer {
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined
    ? Buffer.from(only.buffer, only.byteOffset, only.length)
    : Buffer.concat(pieces);
}
