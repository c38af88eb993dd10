import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Damage } from '../damage.ts';
import { parseSegmentName, type SegmentName } from './segment-name.ts';

/** A segment file of a WAL. */
export interface Segment extends SegmentName {
  readonly file: string;
}

/**
 * The segments of a WAL that hold the entries after `entry`, or all of them, in order. Other files are skipped. Throws
 * {@link Damage} when the oldest one begins after that entry or a segment is missing.
 */
export async function segmentsAfter(directory: string, entry: number | 'oldest'): Promise<readonly Segment[]> {
  const all = await listSegments(directory);
  const oldest = all[0];
  if (oldest === undefined) {
    throw new Damage({ file: directory, offset: 0, reason: 'there is no segment' });
  }
  const first = entry === 'oldest' ? 0 : all.findLastIndex((segment) => segment.index <= entry);
  if (first < 0) {
    const reason = `the log begins with entry ${oldest.index}, after entry ${entry}`;
    throw new Damage({ file: directory, offset: 0, reason });
  }
  const chosen = all.slice(first);
  for (const [position, segment] of chosen.entries()) {
    const previous = chosen[position - 1];
    if (previous !== undefined && segment.sequence !== previous.sequence + 1) {
      const reason = `segment ${previous.sequence + 1} is missing before this one`;
      throw new Damage({ file: segment.file, offset: 0, reason });
    }
  }
  return chosen;
}

/** All segments of a WAL in order. */
export async function listSegments(directory: string): Promise<readonly Segment[]> {
  const names = await readdir(directory);
  return names
    .toSorted()
    .map((name) => ({ name, parsed: parseSegmentName(name) }))
    .flatMap(({ name, parsed }) => (parsed === undefined ? [] : [{ ...parsed, file: path.join(directory, name) }]));
}
