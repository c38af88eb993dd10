import type { Segment } from './directory.ts';
import { type RecordViews, readSegment, type WalRecord } from './segment.ts';

/** A record at the end of the log that was not written whole when etcd or its machine stopped. All before it is intact. */
export interface TornTail {
  readonly file: string;
  /** Offset where it begins, bytes. */
  readonly offset: number;
  readonly reason: string;
}

/** How a log ends, and which of its segments can be read alone. */
export interface WalEnd {
  /** Undefined when the log ends cleanly. */
  readonly torn: TornTail | undefined;
  /** Files of the segments that can be read without those before them; etcd writes no others. */
  readonly selfContained: ReadonlySet<string>;
}

/**
 * Reads consecutive segments in order, record by record; the checksum continues from one to the next. Throws a `Damage` for
 * everything that a crash does not explain.
 */
export async function readWal(
  segments: readonly Segment[],
  options: { readonly views: RecordViews; readonly signal: AbortSignal },
  visit: (record: WalRecord) => void,
): Promise<WalEnd> {
  const selfContained = new Set<string>();
  let crc = 0;
  for (const [place, { file }] of segments.entries()) {
    const position = place === segments.length - 1 ? 'last' : 'earlier';
    const end = await readSegment({ file, position, crc, ...options }, visit);
    if (end.selfContained) {
      selfContained.add(file);
    }
    if (end.torn !== undefined) {
      return { torn: { file, offset: end.offset, reason: end.torn }, selfContained };
    }
    crc = end.crc;
  }
  return { torn: undefined, selfContained };
}
