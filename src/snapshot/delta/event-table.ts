import { revision } from '../../revision.ts';
import type { DeltaEvent } from '../delta-event.ts';
import type { EventTime } from './event-time.ts';

/** One event as the tokenizer hands it over; `key` and `value` are byte ranges of the table's `bytes`. */
export interface EventRow {
  isDelete: boolean;
  keyStart: number;
  keyEnd: number;
  valueStart: number;
  valueEnd: number;
  createRevision: number;
  modRevision: number;
  version: number;
  lease: bigint;
  seconds: number;
  nanos: number;
  /** TTLs that stand beside the event, seconds by lease. */
  leaseTtls: ReadonlyMap<bigint, number> | undefined;
}

/**
 * Events in columns: a few typed arrays instead of objects, so that a batch is cheap to build and to move between threads.
 * Rows from `count` on are unused.
 */
export interface EventTable {
  readonly count: number;
  /** Keys and values, each row's addressed by the ranges below. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isDelete: Uint8Array<ArrayBuffer>;
  readonly keyStart: Uint32Array<ArrayBuffer>;
  readonly keyEnd: Uint32Array<ArrayBuffer>;
  readonly valueStart: Uint32Array<ArrayBuffer>;
  readonly valueEnd: Uint32Array<ArrayBuffer>;
  readonly createRevision: Float64Array<ArrayBuffer>;
  readonly modRevision: Float64Array<ArrayBuffer>;
  readonly version: Float64Array<ArrayBuffer>;
  readonly lease: BigInt64Array<ArrayBuffer>;
  /** Time of each event, see {@link EventTime}. */
  readonly seconds: Float64Array<ArrayBuffer>;
  readonly nanos: Uint32Array<ArrayBuffer>;
  /** TTLs of leases that stand beside these events, seconds; they may be of leases that other events name. */
  readonly leaseTtls: ReadonlyMap<bigint, number>;
}

type Columns = Omit<EventTable, 'count' | 'bytes' | 'leaseTtls'>;

const INITIAL_ROWS = 256;

/** Collects rows into an {@link EventTable}. */
export class EventTableBuilder {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #columns = allocate(INITIAL_ROWS);
  #count = 0;
  readonly #leaseTtls = new Map<bigint, number>();

  /** `bytes` is where the caller puts keys and values. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Copies `row`; the caller may use it again. */
  add(row: Readonly<EventRow>): void {
    const at = this.#count;
    if (at === this.#columns.isDelete.length) {
      this.#grow();
    }
    const columns = this.#columns;
    columns.isDelete[at] = row.isDelete ? 1 : 0;
    columns.keyStart[at] = row.keyStart;
    columns.keyEnd[at] = row.keyEnd;
    columns.valueStart[at] = row.valueStart;
    columns.valueEnd[at] = row.valueEnd;
    columns.createRevision[at] = row.createRevision;
    columns.modRevision[at] = row.modRevision;
    columns.version[at] = row.version;
    columns.lease[at] = row.lease;
    columns.seconds[at] = row.seconds;
    columns.nanos[at] = row.nanos;
    if (row.leaseTtls !== undefined) {
      for (const [lease, seconds] of row.leaseTtls) {
        this.#leaseTtls.set(lease, seconds);
      }
    }
    this.#count += 1;
  }

  /** The rows added so far. The builder must not be used afterwards. */
  finish(): EventTable {
    return { count: this.#count, bytes: this.#bytes, leaseTtls: this.#leaseTtls, ...this.#columns };
  }

  #grow(): void {
    const old = this.#columns;
    const wider = allocate(old.isDelete.length * 2);
    wider.isDelete.set(old.isDelete);
    wider.keyStart.set(old.keyStart);
    wider.keyEnd.set(old.keyEnd);
    wider.valueStart.set(old.valueStart);
    wider.valueEnd.set(old.valueEnd);
    wider.createRevision.set(old.createRevision);
    wider.modRevision.set(old.modRevision);
    wider.version.set(old.version);
    wider.lease.set(old.lease);
    wider.seconds.set(old.seconds);
    wider.nanos.set(old.nanos);
    this.#columns = wider;
  }
}

function allocate(rows: number): Columns {
  return {
    isDelete: new Uint8Array(rows),
    keyStart: new Uint32Array(rows),
    keyEnd: new Uint32Array(rows),
    valueStart: new Uint32Array(rows),
    valueEnd: new Uint32Array(rows),
    createRevision: new Float64Array(rows),
    modRevision: new Float64Array(rows),
    version: new Float64Array(rows),
    lease: new BigInt64Array(rows),
    seconds: new Float64Array(rows),
    nanos: new Uint32Array(rows),
  };
}

/** The event in row `at`; its key and value alias the table's bytes. Throws a RangeError beyond the last row. */
export function eventAt(table: EventTable, at: number): DeltaEvent {
  if (at < 0 || at >= table.count) {
    throw new RangeError(`no event ${at} among ${table.count}`);
  }
  const key = table.bytes.subarray(table.keyStart[at], table.keyEnd[at]);
  const modRevision = revision(table.modRevision[at] ?? 0);
  if (table.isDelete[at] === 1) {
    return { type: 'delete', key, modRevision };
  }
  return {
    type: 'put',
    key,
    modRevision,
    value: table.bytes.subarray(table.valueStart[at], table.valueEnd[at]),
    createRevision: revision(table.createRevision[at] ?? 0),
    version: table.version[at] ?? 0,
    lease: table.lease[at] ?? 0n,
  };
}

/** When the event in row `at` was seen. */
export function timeAt(table: EventTable, at: number): EventTime {
  return { seconds: table.seconds[at] ?? 0, nanos: table.nanos[at] ?? 0 };
}
