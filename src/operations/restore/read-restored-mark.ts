import path from 'node:path';
import * as z from 'zod/mini';
import { openFile } from '../../fs/open-file.ts';
import { revision } from '../../revision.ts';
import { MARK_NAME, MOST_NAMES, type RestoredMark } from './restored-mark.ts';

/** Bytes; all the names fit. */
const SIZE_LIMIT = 2 * 1024 * 1024;
/** Clocks may differ by so much, s. */
const CLOCK_TOLERANCE = 300;
const DAY = 86_400;

const count = z.int().check(z.nonnegative());
const schema = z.object({
  format: z.literal(1),
  revision: count,
  restoredOn: count,
  newestSeen: count,
  history: count,
  seenAhead: z.optional(z.array(z.string()).check(z.maxLength(MOST_NAMES))),
  livingBegunBy: z.optional(z.nullable(z.string())),
});

/**
 * Reads the mark of a member directory; undefined when there is none, or none that can be true. `now` is in ms since the epoch. Never
 * throws: a directory can be checked without it.
 */
export async function readRestoredMark(
  memberDir: string,
  { now }: { readonly now: number },
): Promise<RestoredMark | undefined> {
  const found = schema.safeParse(await contentOf(path.join(memberDir, MARK_NAME)));
  if (!found.success) {
    return undefined;
  }
  const { format: _, ...mark } = found.data;
  const isTrue =
    mark.restoredOn <= now / 1000 + CLOCK_TOLERANCE && mark.newestSeen <= mark.restoredOn + DAY && mark.revision > 0;
  return isTrue ? { ...mark, revision: revision(mark.revision) } : undefined;
}

async function contentOf(file: string): Promise<unknown> {
  try {
    const handle = await openFile(file, { links: 'refused' });
    try {
      const { size } = await handle.stat();
      return size > SIZE_LIMIT ? undefined : JSON.parse(await handle.readFile('utf8'));
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
