import type { Segment } from './directory.ts';
import { readSegment, type WalRecord } from './segment.ts';

/** A record at the end of the log that a crash has cut short. Everything before it is intact. */
export interface TornTail {
  readonly file: string;
  /** Where it begins, bytes. */
  readonly offset: number;
  readonly reason: string;
}

/**
 * Reads consecutive segments in order, record by record, with the checksum carried from one to the next.
 * Returns how the log ends: undefined cleanly, else with a torn record. Throws a `Damage` for what a crash does not explain.
 */
export async function readWal(
  segments: readonly Segment[],
  options: { readonly signal: AbortSignal },
  visit: (record: WalRecord) => void,
): Promise<TornTail | undefined> {
  let crc = 0;
  for (const [place, { file }] of segments.entries()) {
    const position = place === segments.length - 1 ? 'last' : 'earlier';
    const end = await readSegment({ file, position, crc, signal: options.signal }, visit);
    if (end.torn !== undefined) {
      return { file, offset: end.offset, reason: end.torn };
    }
    crc = end.crc;
  }
  return undefined;
}
