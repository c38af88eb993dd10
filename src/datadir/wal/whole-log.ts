import { Damage } from '../damage.ts';
import { decodeHardState } from '../raft/raft.ts';
import { type Segment, segmentsAfter } from './directory.ts';
import { summarizeLog } from './log.ts';
import { decode, type LogReading, type LogSummary, LogWalk } from './log-walk.ts';
import { readWal, type TornTail } from './reader.ts';
import { decodeWalSnapshot, type WalSnapshot } from './record.ts';
import type { WalRecord } from './segment.ts';

/** A log of which every record was read. */
export interface WholeLog {
  /** Records of the snapshots that were saved, those after the last commit left out. */
  readonly marks: readonly WalSnapshot[];
  /** The result of {@link summarizeLog} after that index. */
  summaryAfter(index: number): Promise<LogSummary>;
}

/**
 * Reads a whole log from its oldest segment on, as etcd does at its start to find the saved snapshots; this checks the checksum
 * of every record. The summary after `likelyAfter` is made on the way, for another index the log is read again. Throws a
 * {@link Damage} when the log is not whole.
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
  const { torn, selfContained } = await readWal(segments, { signal, views: 'passing' }, (record) => {
    if (record.kind === 'snapshot') marks.push(decode(record, decodeWalSnapshot));
    else if (record.kind === 'state') commit = decode(record, decodeHardState).commit;
    likely.take(record);
  });
  // The summary is of these segments alone, so they must be readable alone.
  const alone = first === 0 || selfContained.has(segments[first]?.file ?? '');
  return {
    // A mark after the commit was written before its snapshot became valid.
    marks: marks.filter((mark) => mark.index <= commit),
    summaryAfter: (index) =>
      alone && index === likelyAfter ? likely.summary(torn) : summarizeLog({ directory, after: index, signal }),
  };
}

/** The summary of some of the segments that are read. Damage is thrown only when the summary is asked for. */
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
