import { Damage } from '../damage.ts';
import { decodeHardState } from '../raft/raft.ts';
import { type Segment, segmentsAfter } from './directory.ts';
import { summarizeLog } from './log.ts';
import { decode, type LogReading, type LogSummary, LogWalk } from './log-walk.ts';
import { readWal, type TornTail } from './reader.ts';
import { decodeWalSnapshot, type WalSnapshot } from './record.ts';
import type { WalRecord } from './segment.ts';

/** A whole log, read once. */
export interface WholeLog {
  /** The snapshots it knows of. */
  readonly marks: readonly WalSnapshot[];
  /** The same as {@link summarizeLog} after that index. */
  summaryAfter(index: number): Promise<LogSummary>;
}

/**
 * Reads a whole log, from its oldest segment on, for the snapshots it knows of: what etcd does first at its start, and a
 * check of every record's checksum. As that takes long, the summary after `likelyAfter` is made on the way; another one
 * means reading again. Throws a {@link Damage} when the log is not whole.
 */
export async function readWholeLog(options: {
  readonly directory: string;
  readonly likelyAfter: number;
  readonly signal: AbortSignal;
}): Promise<WholeLog> {
  const { directory, likelyAfter, signal } = options;
  const segments = await segmentsAfter(directory, 'oldest');
  const first = segments.findLastIndex(({ index }) => index <= likelyAfter);
  const likely = new LikelySummary({ directory, after: likelyAfter, signal }, first < 0 ? [] : segments.slice(first));
  const marks: WalSnapshot[] = [];
  let commit = 0;
  const { torn, standAlone } = await readWal(segments, { signal, views: 'passing' }, (record) => {
    if (record.kind === 'snapshot') marks.push(decode(record, decodeWalSnapshot));
    else if (record.kind === 'state') commit = decode(record, decodeHardState).commit;
    likely.take(record);
  });
  // What is read alone must be able to: else the checksum of the segments before it has hidden that it cannot.
  const alone = first === 0 || standAlone.has(segments[first]?.file ?? '');
  return {
    // A mark beyond the commit was written before its snapshot became valid.
    marks: marks.filter((mark) => mark.index <= commit),
    summaryAfter: (index) =>
      alone && index === likelyAfter ? likely.summary(torn) : summarizeLog({ directory, after: index, signal }),
  };
}

/** A summary of some segments that is made while more are read. Its damage counts only when it is asked for. */
class LikelySummary {
  readonly #walk: LogWalk;
  readonly #files: ReadonlySet<string>;
  #damage: Damage | undefined;

  constructor(reading: LogReading, segments: readonly Segment[]) {
    this.#walk = new LogWalk(reading);
    this.#files = new Set(segments.map(({ file }) => file));
  }

  take(record: WalRecord): void {
    if (this.#damage !== undefined || !this.#files.has(record.file)) {
      return;
    }
    try {
      this.#walk.take(record);
    } catch (error) {
      if (!(error instanceof Damage)) {
        throw error;
      }
      this.#damage = error;
    }
  }

  async summary(torn: TornTail | undefined): Promise<LogSummary> {
    if (this.#damage !== undefined) {
      throw this.#damage;
    }
    return this.#walk.summary(torn);
  }
}
