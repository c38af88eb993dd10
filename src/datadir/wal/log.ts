import { decodeEntry, type RaftEntry } from '../raft/raft.ts';
import { segmentsAfter } from './directory.ts';
import { decode, type LogReading, type LogSummary, LogWalk } from './log-walk.ts';
import { readWal, type TornTail } from './reader.ts';
import type { RecordViews, WalRecord } from './segment.ts';

/**
 * Reads the log after an index and checks that its entries have no gap, up to the last committed one. Throws a {@link Damage}
 * when the log is not whole; a torn tail is no damage but part of the summary.
 */
export async function summarizeLog(reading: LogReading): Promise<LogSummary> {
  const log = new LogWalk(reading);
  return log.summary(await walk(reading, 'passing', (record) => log.take(record)));
}

/** Entries of a log, which can be read as often as needed. */
export interface EntryWalk {
  /** Calls `visit` for each entry, in order. The data of an entry is a view that stays valid. */
  each(visit: (entry: RaftEntry) => void): Promise<void>;
}

/**
 * Finds the entries after `reading.after` up to and including `upTo`, without those that a later leader has overwritten. Their
 * records precede those that replace them, so the log is read once to find them, and again for each walk; memory does not grow
 * with it.
 */
export async function openEntries(reading: LogReading & { readonly upTo: number }): Promise<EntryWalk> {
  const log = new LogWalk(reading);
  log.summary(await walk(reading, 'passing', (record) => log.take(record)));
  return {
    each: async (visit) => {
      const isValid = log.overwriteTest();
      let position = 0;
      await walk(reading, 'lasting', (record) => {
        if (record.kind !== 'entry') {
          return;
        }
        const entry = decode(record, decodeEntry);
        if (entry.index > reading.after && entry.index <= reading.upTo && isValid(position, entry.index)) {
          visit(entry);
        }
        position++;
      });
    },
  };
}

async function walk(
  reading: LogReading,
  views: RecordViews,
  visit: (record: WalRecord) => void,
): Promise<TornTail | undefined> {
  const segments = await segmentsAfter(reading.directory, reading.after);
  return (await readWal(segments, { signal: reading.signal, views }, visit)).torn;
}
