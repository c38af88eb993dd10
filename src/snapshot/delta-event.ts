import type { Revision } from '../revision.ts';

interface EventOrigin {
  readonly key: Uint8Array;
  readonly modRevision: Revision;
}

/** A key was written. Lease ids are full int64 values, hence bigint; 0n is no lease. */
export interface PutEvent extends EventOrigin {
  readonly type: 'put';
  readonly value: Uint8Array;
  readonly createRevision: Revision;
  readonly version: number;
  readonly lease: bigint;
}

/** A key was deleted. */
export interface DeleteEvent extends EventOrigin {
  readonly type: 'delete';
}

/** One change of one key, as etcd's watch reports it. Events of one transaction share a modRevision. */
export type DeltaEvent = PutEvent | DeleteEvent;
