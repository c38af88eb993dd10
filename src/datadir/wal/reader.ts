import type { Segment } from './directory.ts';
import { type RecordViews, readSegment, type WalRecord } from './segment.ts';

/** A record at the end of the log that a crash has cut short. Everything before it is intact. */
export interface TornTail {
  readonly file: string;
  /** Where it begins, bytes. */
  readonly offset: number;
  readonly reason: string;
}

/** How a log ends, and what its segments are like. */
export interface WalEnd {
  /** Undefined when the log ends cleanly. */
  readonly torn: TornTail | undefined;
  /** Files of the segments that can be read without those before them, as every one that etcd has written. */
  readonly standAlone: ReadonlySet<string>;
}

/**
 * Reads consecutive segments in order, record by record, with the checksum carried from one to the next.
 * Throws a `Damage` for what a crash does not explain.
 */
export async function readWal(
  segments: readonly Segment[],
  options: { readonly views: RecordViews; readonly signal: AbortSignal },
  visit: (record: WalRecord) => void,
): Promise<WalEnd> {
  const standAlone = new Set<string>();
  let crc = 0;
  for (const [place, { file }] of segments.entries()) {
    const position = place === segments.length - 1 ? 'last' : 'earlier';
    const end = await readSegment({ file, position, crc, ...options }, visit);
    if (end.standsAlone) {
      standAlone.add(file);
    }
    if (end.torn !== undefined) {
      return { torn: { file, offset: end.offset, reason: end.torn }, standAlone };
    }
    crc = end.crc;
  }
  return { torn: undefined, standAlone };
}
