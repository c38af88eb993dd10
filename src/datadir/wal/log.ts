import { Damage } from '../damage.ts';
import { decodeEntry, decodeHardState, type HardState, type RaftEntry } from '../proto/raft.ts';
import { WireError } from '../proto/wire-reader.ts';
import { segmentsAfter } from './directory.ts';
import { readWal, type TornTail } from './reader.ts';
import { decodeMetadata, decodeWalSnapshot, type WalMetadata, type WalSnapshot } from './record.ts';
import type { WalRecord } from './segment.ts';

/**
 * Reads a whole log, from its oldest segment on, for the snapshots it knows of: what etcd does first at its start, and a
 * check of every record's checksum. Throws a {@link Damage} when the log is not whole.
 */
export async function readSnapshotMarks(options: {
  readonly directory: string;
  readonly signal: AbortSignal;
}): Promise<readonly WalSnapshot[]> {
  const segments = await segmentsAfter(options.directory, 'oldest');
  const marks: WalSnapshot[] = [];
  let commit = 0;
  await readWal(segments, options, (record) => {
    if (record.kind === 'snapshot') marks.push(decode(record, decodeWalSnapshot));
    else if (record.kind === 'state') commit = decode(record, decodeHardState).commit;
  });
  // A mark beyond the commit was written before its snapshot became valid.
  return marks.filter((mark) => mark.index <= commit);
}

/** What a WAL says beside its entries. */
export interface LogSummary {
  readonly metadata: WalMetadata;
  /** The newest hard state; all zero when there is none. */
  readonly state: HardState;
  /** Index of the newest entry; the index the reading began after when there is none. */
  readonly lastIndex: number;
  readonly torn: TornTail | undefined;
  /** Entries that change the members, those left out that were overwritten later. */
  readonly confChanges: readonly RaftEntry[];
}

/** Which part of a WAL to read. */
export interface LogReading {
  readonly directory: string;
  /** Entries up to and including this index are passed over: that of the snapshot that stands for them, 0 for none. */
  readonly after: number;
  readonly signal: AbortSignal;
}

/**
 * Reads the log after an index and checks that entry follows entry without a gap, up to the last committed one. Throws a
 * {@link Damage} when the log is not whole; a torn tail is no damage and is told in the summary.
 */
export async function summarizeLog(reading: LogReading): Promise<LogSummary> {
  return (await new LogWalk(reading).run()).summary;
}

/** Entries of a log that can be walked through, as often as needed. */
export interface EntryWalk {
  /** Calls `visit` for each entry, in order. The data of an entry is a view that stays valid. */
  each(visit: (entry: RaftEntry) => void): Promise<void>;
}

/**
 * Finds the entries after `reading.after` up to and including `upTo`: each once, and where a later leader has overwritten
 * entries, only what stands in the end. The log is read once to know that, because what is overwritten comes first in it,
 * and again for each walk; memory does not grow with it.
 */
export async function openEntries(reading: LogReading & { readonly upTo: number }): Promise<EntryWalk> {
  const { standing } = await new LogWalk(reading).run();
  return {
    each: async (visit) => {
      const stands = standing();
      let position = 0;
      await walk(reading, (record) => {
        if (record.kind !== 'entry') {
          return;
        }
        const entry = decode(record, decodeEntry);
        if (entry.index > reading.after && entry.index <= reading.upTo && stands(position, entry.index)) {
          visit(entry);
        }
        position++;
      });
    },
  };
}

/** An entry record that voids all entries from its index on that stand before it in the file. */
interface Overwrite {
  readonly position: number;
  readonly index: number;
}

class LogWalk {
  readonly #reading: LogReading;
  readonly #overwrites: Overwrite[] = [];
  #metadata: WalMetadata | undefined;
  #state: HardState = { term: 0, vote: 0n, commit: 0 };
  #lastIndex: number;
  #lastTerm = 0;
  #confChanges: RaftEntry[] = [];
  #position = 0;

  constructor(reading: LogReading) {
    this.#reading = reading;
    this.#lastIndex = reading.after;
  }

  async run(): Promise<{
    readonly summary: LogSummary;
    /** Makes a judge of whether the entry record at a position (from 0, ascending) is the one that stands in the end. */
    readonly standing: () => (position: number, index: number) => boolean;
  }> {
    const torn = await walk(this.#reading, (record) => this.#take(record));
    const damaged = (reason: string): Damage => new Damage({ file: this.#reading.directory, offset: 0, reason });
    // Segments get their name only when their head is durable, so a crash explains neither of these.
    const metadata = this.#metadata;
    if (metadata === undefined) {
      throw damaged('the log does not say whose it is');
    }
    if (this.#state.commit > this.#lastIndex) {
      throw damaged(`it is committed up to entry ${this.#state.commit}, but ends with entry ${this.#lastIndex}`);
    }
    const summary = {
      metadata,
      state: this.#state,
      lastIndex: this.#lastIndex,
      torn,
      confChanges: this.#confChanges,
    };
    return { summary, standing: () => standingEntries(this.#overwrites) };
  }

  #take(record: WalRecord): void {
    switch (record.kind) {
      case 'entry':
        this.#takeEntry(record);
        return;
      case 'state':
        this.#state = decode(record, decodeHardState);
        return;
      case 'snapshot':
        return;
      case 'metadata':
        this.#takeMetadata(record);
        return;
      default:
        record.kind satisfies never;
    }
  }

  #takeEntry(record: WalRecord): void {
    const entry = decode(record, decodeEntry);
    const { index, term } = entry;
    const position = this.#position++;
    if (index <= this.#reading.after) {
      return;
    }
    if (index > this.#lastIndex + 1) {
      throw damage(record, `entry ${index} follows entry ${this.#lastIndex}`);
    }
    if (index <= this.#lastIndex) {
      this.#overwrites.push({ position, index });
      this.#confChanges = this.#confChanges.filter((change) => change.index < index);
    } else if (term < this.#lastTerm) {
      // The type of a record is not under its checksum: this may be another one taken for an entry.
      throw damage(record, `entry ${index} of term ${term} follows one of term ${this.#lastTerm}`);
    }
    this.#lastIndex = index;
    this.#lastTerm = term;
    if (entry.kind === 'confChange') {
      this.#confChanges.push({ ...entry, data: Uint8Array.from(entry.data) });
    }
  }

  #takeMetadata(record: WalRecord): void {
    const metadata = decode(record, decodeMetadata);
    const known = this.#metadata;
    if (known !== undefined && (known.nodeId !== metadata.nodeId || known.clusterId !== metadata.clusterId)) {
      throw damage(record, 'the segment belongs to another member than the one before');
    }
    this.#metadata = metadata;
  }
}

async function walk(reading: LogReading, visit: (record: WalRecord) => void): Promise<TornTail | undefined> {
  const segments = await segmentsAfter(reading.directory, reading.after);
  return readWal(segments, { signal: reading.signal }, visit);
}

/** An entry stands unless a record behind it begins to overwrite at or before its index. */
function standingEntries(overwrites: readonly Overwrite[]): (position: number, index: number) => boolean {
  // lowest[i]: the lowest index any overwrite from the i-th on begins at.
  const lowest: number[] = [];
  for (const [place, { index }] of [...overwrites.entries()].reverse()) {
    lowest[place] = Math.min(index, lowest[place + 1] ?? Number.POSITIVE_INFINITY);
  }
  let next = 0;
  return (position, index) => {
    while ((overwrites[next]?.position ?? Number.POSITIVE_INFINITY) <= position) {
      next++;
    }
    return index < (lowest[next] ?? Number.POSITIVE_INFINITY);
  };
}

function decode<T>(record: WalRecord, decoder: (bytes: Uint8Array) => T): T {
  try {
    return decoder(record.data);
  } catch (error) {
    if (error instanceof WireError) {
      throw damage(record, `the ${record.kind} inside cannot be read: ${error.message}`, error);
    }
    throw error;
  }
}

function damage(record: WalRecord, reason: string, cause?: unknown): Damage {
  return new Damage({ file: record.file, offset: record.offset, reason, cause });
}
