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
