/** One event as it is read: plain fields that are used again for the next one; key and value are ranges of `bytes`. */
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
  /** TTLs that stand beside the event, seconds by lease; they may be of leases that other events name. */
  leaseTtls: ReadonlyMap<bigint, number> | undefined;
}
