import type { OwnedEntryBatch } from '../../datadir/bbolt/entry-batch.ts';
import { ChangeEncoder, type ChangeFields } from '../../datadir/mvcc/change-encoder.ts';
import { UnfitChange } from '../../datadir/mvcc/unfit-change.ts';
import { releaseMemory } from '../../runtime/release-memory.ts';
import { decodeDeltaTables } from '../../snapshot/delta/delta-decoder.ts';
import type { EventTable } from '../../snapshot/delta/event-table.ts';

/** Bytes of records that are handed on at a time. */
const BATCH_SIZE = 256 * 1024;

/** What was in a delta. */
export interface DeltaSummary {
  /** Last revision inside. */
  readonly lastRevision: number;
  readonly added: number;
  readonly skipped: number;
  /** Leases that the added puts name. */
  readonly leases: readonly bigint[];
  /** TTLs the delta tells, seconds by lease. */
  readonly leaseTtls: ReadonlyMap<bigint, number>;
}

/**
 * Checks the hash of an expanded delta and turns its events into records of the `key` bucket.
 * Events up to revision `after` are there already and skipped, those beyond `until` are not wanted.
 * Puts lose leases other than `keptLeases`, when those are given.
 * `spares` are batches that were used up, whose memory serves again.
 * Records come before the hash is known; they must not be published until the iteration has ended.
 * Throws SnapshotDamage, and {@link UnfitChange} only when the hash is right: otherwise damage is the better explanation.
 */
export async function* deltaRecords(
  body: AsyncIterable<Uint8Array>,
  options: {
    readonly after: number;
    readonly until?: number | undefined;
    readonly keptLeases?: readonly bigint[] | undefined;
    readonly spares?: OwnedEntryBatch[];
  },
): AsyncGenerator<OwnedEntryBatch, DeltaSummary> {
  const encoder = new ChangeEncoder({ after: options.after, bytes: BATCH_SIZE + BATCH_SIZE / 8 });
  const limits = {
    until: options.until ?? Number.MAX_SAFE_INTEGER,
    keptLeases: options.keptLeases === undefined ? undefined : new Set(options.keptLeases),
  };
  const leaseTtls = new Map<bigint, number>();
  let unfit: UnfitChange | undefined;
  for await (const table of decodeDeltaTables(body)) {
    for (const [lease, seconds] of table.leaseTtls) {
      leaseTtls.set(lease, seconds);
    }
    for (let at = 0; unfit === undefined && at < table.count; ) {
      try {
        at = encodeRows(encoder, { table, from: at, ...limits });
      } catch (error) {
        if (!(error instanceof UnfitChange)) {
          throw error;
        }
        unfit = error;
      }
      if (unfit === undefined && encoder.pending >= BATCH_SIZE) {
        yield encoder.take(options.spares?.pop());
      }
    }
    releaseMemory(table.bytes);
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
    leaseTtls,
  };
}

/** Encodes rows from `from` on, up to revision `until`, until a batch is full; gives the first row that is left. */
function encodeRows(
  encoder: ChangeEncoder,
  rows: {
    readonly table: EventTable;
    readonly from: number;
    readonly until: number;
    readonly keptLeases: ReadonlySet<bigint> | undefined;
  },
): number {
  const { table, from, until, keptLeases } = rows;
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
    if (row.modRevision > until) {
      // Revisions ascend, so nothing behind this one is wanted either.
      return table.count;
    }
    row.version = table.version[at] ?? 0;
    const lease = table.lease[at] ?? 0n;
    row.lease = lease === 0n || keptLeases === undefined || keptLeases.has(lease) ? lease : 0n;
    encoder.add(table.bytes, row);
  }
  return at;
}
