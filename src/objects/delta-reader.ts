import type { OwnedEntryBatch } from '../datadir/bbolt/entry-batch.ts';
import type { Compression } from '../snapshot/snapshot.ts';
import type { DeltaSummary } from './record-decoder.ts';

/** Where the bytes of a delta are as they were stored: in a file, or in memory that belongs to its reader. */
export type DeltaBytes =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'memory'; readonly bytes: Uint8Array<ArrayBuffer> };

/** What to do with a delta. */
export interface DeltaTask {
  readonly stored: DeltaBytes;
  /** How many bytes these are. */
  readonly size: number;
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
