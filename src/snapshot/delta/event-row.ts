import type { Int64Map } from '../../runtime/int64-map.ts';

/** One event as it is read. Key and value are ranges of `bytes`; the next event overwrites all fields. */
export interface EventRow {
  bytes: Uint8Array;
  isDelete: boolean;
  keyStart: number;
  keyEnd: number;
  valueStart: number;
  valueEnd: number;
  createRevision: number;
  modRevision: number;
  version: number;
  lease: bigint;
  /** When the event was seen, as EventTime has it. */
  seconds: number;
  nanos: number;
  /** Recorded lease TTLs, seconds by lease id; they may be of leases that other events name. */
  leaseTtls: Int64Map<number> | undefined;
}

const NOTHING = new Uint8Array(0);

/** A row before the first event. */
export function emptyRow(): EventRow {
  return {
    bytes: NOTHING,
    isDelete: false,
    keyStart: 0,
    keyEnd: 0,
    valueStart: 0,
    valueEnd: 0,
    createRevision: 0,
    modRevision: 0,
    version: 0,
    lease: 0n,
    seconds: 0,
    nanos: 0,
    leaseTtls: undefined,
  };
}

/** Empties a row for the next event; its bytes stay. */
export function resetRow(row: EventRow): void {
  row.isDelete = false;
  row.keyStart = 0;
  row.keyEnd = 0;
  row.valueStart = 0;
  row.valueEnd = 0;
  row.createRevision = 0;
  row.modRevision = 0;
  row.version = 0;
  row.lease = 0n;
  row.seconds = 0;
  row.nanos = 0;
  row.leaseTtls = undefined;
}
