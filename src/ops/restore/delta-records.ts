import type { OwnedEntryBatch } from '../../datadir/bbolt/entry-batch.ts';
import { ChangeEncoder, type ChangeFields } from '../../datadir/mvcc/change-encoder.ts';
import { UnfitChange } from '../../datadir/mvcc/unfit-change.ts';
import { decompress } from '../../snapshot/compression.ts';
import { decodeDeltaTables } from '../../snapshot/delta/delta-decoder.ts';
import type { EventTable } from '../../snapshot/delta/event-table.ts';
import type { Compression } from '../../snapshot/snapshot.ts';

/** Bytes of records that are handed on at a time. */
const BATCH_SIZE = 1024 * 1024;

/** What to do with a delta. */
export interface DeltaTask {
  readonly compression: Compression;
  /** Events up to this revision are there already. */
  readonly after: number;
}

/** What was in a delta. */
export interface DeltaSummary {
  /** Last revision inside. */
  readonly lastRevision: number;
  readonly added: number;
  readonly skipped: number;
  /** Leases that the added puts name. */
  readonly leases: readonly bigint[];
}

/**
 * Expands a stored delta, checks its hash and turns its events into records of the `key` bucket.
 * Records come before the hash is known; they must not be published until the iteration has ended.
 * Throws SnapshotDamage, and {@link UnfitChange} only when the hash is right: otherwise damage is the better explanation.
 */
export async function* deltaRecords(
  body: AsyncIterable<Uint8Array>,
  task: DeltaTask,
): AsyncGenerator<OwnedEntryBatch, DeltaSummary> {
  const encoder = new ChangeEncoder({ after: task.after, bytes: BATCH_SIZE + BATCH_SIZE / 8 });
  let unfit: UnfitChange | undefined;
  for await (const table of decodeDeltaTables(decompress(body, task.compression))) {
    for (let at = 0; unfit === undefined && at < table.count; ) {
      try {
        at = encodeRows(encoder, table, at);
      } catch (error) {
        if (!(error instanceof UnfitChange)) {
          throw error;
        }
        unfit = error;
      }
      if (unfit === undefined && encoder.pending >= BATCH_SIZE) {
        yield encoder.take();
      }
    }
  }
  if (unfit !== undefined) {
    throw unfit;
  }
  if (encoder.pending > 0) {
    yield encoder.take();
  }
  return {
    lastRevision: encoder.revision,
    added: encoder.added,
    skipped: encoder.skipped,
    leases: [...encoder.leases],
  };
}

/** Encodes rows from `from` on until a batch is full; gives the first row that is left. */
function encodeRows(encoder: ChangeEncoder, table: EventTable, from: number): number {
  const row: { -readonly [Field in keyof ChangeFields]: ChangeFields[Field] } = {
    isDelete: false,
    keyStart: 0,
    keyEnd: 0,
    valueStart: 0,
    valueEnd: 0,
    createRevision: 0,
    modRevision: 0,
    version: 0,
    lease: 0n,
  };
  let at = from;
  for (; at < table.count && encoder.pending < BATCH_SIZE; at++) {
    row.isDelete = table.isDelete[at] === 1;
    row.keyStart = table.keyStart[at] ?? 0;
    row.keyEnd = table.keyEnd[at] ?? 0;
    row.valueStart = table.valueStart[at] ?? 0;
    row.valueEnd = table.valueEnd[at] ?? 0;
    row.createRevision = table.createRevision[at] ?? 0;
    row.modRevision = table.modRevision[at] ?? 0;
    row.version = table.version[at] ?? 0;
    row.lease = table.lease[at] ?? 0n;
    encoder.add(table.bytes, row);
  }
  return at;
}
