/** A key as a state of a cluster had it. */
export interface ExportedKey {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** 0n for none. */
  readonly lease: bigint;
  /** The time that the lease was granted for, seconds; undefined without a lease, and where it is not known. */
  readonly leaseTtl: number | undefined;
}

/** Keys that can be read as often as needed, each time in the same order; each is valid for as long as it is held. */
export interface KeySource {
  keys(): AsyncIterable<ExportedKey>;
}
