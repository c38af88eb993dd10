import type { OwnedEntryBatch } from '../datadir/bbolt/entry-batch.ts';
import type { Compression } from '../snapshot/snapshot.ts';
import type { DeltaSummary } from './record-decoder.ts';

/** What to do with a delta. */
export interface DeltaTask {
  /** Holds its bytes as they were stored. */
  readonly file: string;
  readonly compression: Compression;
  /** Events up to this revision are there already. */
  readonly after: number;
  /** Events beyond this revision are read, but left out; undefined for none. */
  readonly until: number | undefined;
  /** Keys keep no other lease; undefined for all. */
  readonly keptLeases: readonly bigint[] | undefined;
}

/** Turns deltas into records, one after the other. */
export interface DeltaReader extends AsyncDisposable {
  /** Begins with a delta. The records of those before have to be taken first. */
  read(task: DeltaTask): AsyncGenerator<OwnedEntryBatch, DeltaSummary>;
}
