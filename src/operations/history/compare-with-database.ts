import type { Database } from '../../datadir/bbolt/database.ts';
import { readCompactionMarks } from '../../datadir/mvcc/compaction-marks.ts';
import { decodeKeyValue } from '../../datadir/mvcc/key-value.ts';
import { isLeaseAlike } from '../../datadir/mvcc/lease-alike.ts';
import { encodeRevisionKey, REVISION_KEY_SIZE } from '../../datadir/mvcc/revision-key.ts';
import { fetchWhole } from '../../objects/fetch.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { decompress } from '../../snapshot/compression.ts';
import type { RevisionRange } from '../../snapshot/cover.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { eachEvent } from './revision-digests.ts';

/** Events that are looked up in a database; more add no proof. */
const MOST_EVENTS = 20_000;

/** How the events of a delta compare with a database that holds the same revisions. */
export type DatabaseComparison =
  | { readonly outcome: 'equal' }
  | { readonly outcome: 'different'; readonly revision: number }
  /** The database has compacted all of them away. */
  | { readonly outcome: 'unknown' };

/** An event as it was read, its place among those of its revision, and its bytes copied. */
interface HeldEvent {
  readonly main: number;
  readonly sub: number;
  readonly isDelete: boolean;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly version: number;
  readonly lease: bigint;
}

/**
 * Compares the events of a delta within a range of revisions with the records of a database, as far as it still has them. Of
 * very many events the last ones are compared. Throws SnapshotDamage, Damage and what the store throws.
 */
export async function compareWithDatabase(
  work: {
    readonly store: SnapStore;
    readonly delta: StoredSnapshot;
    readonly database: Database;
    readonly range: RevisionRange;
  },
  context: RunContext,
): Promise<DatabaseComparison> {
  const { store, delta, database, range } = work;
  const { scheduled, finished } = await readCompactionMarks(database);
  const compacted = Math.max(scheduled, finished);
  const events = await fetchWhole(store, delta, context, (body) =>
    eventsIn(decompress(body, delta.compression), range, context),
  );
  const records = await database.bucket('key');
  let seen = false;
  for (const [at, event] of events.entries()) {
    const record = await records?.get(recordKey(event));
    const last = events[at + 1]?.main !== event.main;
    const more = last && (await hasMore(records, event));
    if (record === undefined && event.main <= compacted) {
      continue;
    }
    seen = true;
    if (record === undefined || !isSame(record, event) || more) {
      return { outcome: 'different', revision: event.main };
    }
  }
  return { outcome: seen ? 'equal' : 'unknown' };
}

/** Whether the database has more changes in the revision of an event than the delta. */
async function hasMore(
  records: { get(key: Uint8Array): Promise<Uint8Array | undefined> } | undefined,
  event: HeldEvent,
): Promise<boolean> {
  for (const isDelete of [false, true]) {
    const found = await records?.get(recordKey({ main: event.main, sub: event.sub + 1, isDelete }));
    if (found !== undefined) {
      return true;
    }
  }
  return false;
}

async function eventsIn(
  body: AsyncIterable<Uint8Array>,
  { from, to }: RevisionRange,
  context: RunContext,
): Promise<readonly HeldEvent[]> {
  const events: HeldEvent[] = [];
  let main = 0;
  let sub = 0;
  await eachEvent(body, context, (row) => {
    sub = row.modRevision === main ? sub + 1 : 0;
    main = row.modRevision;
    if (main < from || main > to) {
      return;
    }
    const { bytes, isDelete, createRevision, version, lease } = row;
    const key = bytes.slice(row.keyStart, row.keyEnd);
    const value = bytes.slice(row.valueStart, row.valueEnd);
    events.push({ main, sub, isDelete, key, value, createRevision, version, lease });
    if (events.length >= 2 * MOST_EVENTS) {
      events.splice(0, MOST_EVENTS);
    }
  });
  return events;
}

function recordKey({ main, sub, isDelete }: Pick<HeldEvent, 'main' | 'sub' | 'isDelete'>): Uint8Array {
  const bytes = new Uint8Array(REVISION_KEY_SIZE + 1);
  return bytes.subarray(0, encodeRevisionKey(bytes, 0, { main, sub, tombstone: isDelete }));
}

function isSame(record: Uint8Array, event: HeldEvent): boolean {
  const found = decodeKeyValue(record);
  if (found === undefined || Buffer.compare(found.key, event.key) !== 0) {
    return false;
  }
  return (
    event.isDelete ||
    (found.createRevision === event.createRevision &&
      found.version === event.version &&
      isLeaseAlike(found.lease, event.lease) &&
      Buffer.compare(found.value, event.value) === 0)
  );
}
