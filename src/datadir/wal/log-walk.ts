import { MalformedMessage } from '../../protobuf/reader.ts';
import { Damage } from '../damage.ts';
import { decodeEntry, decodeHardState, type HardState, type RaftEntry } from '../raft/raft.ts';
import type { TornTail } from './reader.ts';
import { decodeMetadata, type WalMetadata } from './record.ts';
import type { WalRecord } from './segment.ts';

/** What a WAL says apart from its entries. */
export interface LogSummary {
  readonly metadata: WalMetadata;
  /** The newest hard state; all zeros when there is none. */
  readonly state: HardState;
  /** Index of the newest entry; `after` of the {@link LogReading} when there is none. */
  readonly lastIndex: number;
  readonly torn: TornTail | undefined;
  /** Entries that change the members, without those that were overwritten later. */
  readonly confChanges: readonly RaftEntry[];
}

/** Which part of a WAL to read. */
export interface LogReading {
  readonly directory: string;
  /** Entries up to this index are skipped: the index of the snapshot that has their effect, 0 for none. */
  readonly after: number;
  readonly signal: AbortSignal;
}

/** An entry record that replaces all entries before it in the log from its index on. */
interface Overwrite {
  readonly position: number;
  readonly index: number;
}

/** Takes the records of a log one after the other and checks that its entries have no gap, up to the last committed one. */
export class LogWalk {
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

  /** The summary, once all records were taken. Throws a {@link Damage} when the log is not whole. */
  summary(torn: TornTail | undefined): LogSummary {
    const damaged = (reason: string): Damage => new Damage({ file: this.#reading.directory, offset: 0, reason });
    // A segment gets its name once its first records are durable, so no crash leaves a log without them.
    const metadata = this.#metadata;
    if (metadata === undefined) {
      throw damaged('the log has no metadata');
    }
    if (this.#state.commit > this.#lastIndex) {
      throw damaged(`it is committed up to entry ${this.#state.commit}, but ends with entry ${this.#lastIndex}`);
    }
    return {
      metadata,
      state: this.#state,
      lastIndex: this.#lastIndex,
      torn,
      confChanges: this.#confChanges,
    };
  }

  /**
   * A test of whether an entry was not overwritten later, by the position of its record among all entry records. It has to be
   * called with ascending positions, from 0.
   */
  overwriteTest(): (position: number, index: number) => boolean {
    return overwriteTest(this.#overwrites);
  }

  /** Takes the next record. Throws a {@link Damage} when it does not fit. */
  take(record: WalRecord): void {
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
      // The checksum does not cover the type of a record: this may be another record with a changed type.
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

/** An entry is valid unless a later record overwrites the log from its index or an earlier one on. */
function overwriteTest(overwrites: readonly Overwrite[]): (position: number, index: number) => boolean {
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

/** Decodes the data of a record. Throws a {@link Damage}. */
export function decode<T>(record: WalRecord, decoder: (bytes: Uint8Array) => T): T {
  try {
    return decoder(record.data);
  } catch (error) {
    if (error instanceof MalformedMessage) {
      throw damage(record, `the ${record.kind} inside cannot be read: ${error.message}`, error);
    }
    throw error;
  }
}

function damage(record: WalRecord, reason: string, cause?: unknown): Damage {
  return new Damage({ file: record.file, offset: record.offset, reason, cause });
}
