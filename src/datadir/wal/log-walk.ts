import { WireError } from '../../protobuf/wire-reader.ts';
import { Damage } from '../damage.ts';
import { decodeEntry, decodeHardState, type HardState, type RaftEntry } from '../raft/raft.ts';
import type { TornTail } from './reader.ts';
import { decodeMetadata, type WalMetadata } from './record.ts';
import type { WalRecord } from './segment.ts';

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

/** An entry record that voids all entries from its index on that stand before it in the file. */
interface Overwrite {
  readonly position: number;
  readonly index: number;
}

/** Takes the records of a log one after the other and checks that entry follows entry, up to the last committed one. */
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

  /** What was taken, once the log has ended so. Throws a {@link Damage} when it is not whole. */
  summary(torn: TornTail | undefined): LogSummary {
    const damaged = (reason: string): Damage => new Damage({ file: this.#reading.directory, offset: 0, reason });
    // Segments get their name only when their head is durable, so a crash explains neither of these.
    const metadata = this.#metadata;
    if (metadata === undefined) {
      throw damaged('the log does not say whose it is');
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

  /** Makes a judge of whether the entry record at a position (from 0, ascending) is the one that stands in the end. */
  standing(): (position: number, index: number) => boolean {
    return standingEntries(this.#overwrites);
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

/** Decodes what a record holds. Throws a {@link Damage}. */
export function decode<T>(record: WalRecord, decoder: (bytes: Uint8Array) => T): T {
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
