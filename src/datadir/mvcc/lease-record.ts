import { WireWriter } from '../../protobuf/wire-writer.ts';

/** A record of etcd's `lease` bucket. */
export interface LeaseRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * The record of a lease: its id as 8 bytes big-endian, and a message of id (1) and TTL in seconds (2).
 *
 * Source: etcd server/lease/leasepb/lease.proto, lease/lessor.go.
 */
export function leaseRecord(id: bigint, ttlSeconds: number): LeaseRecord {
  return { key: leaseKey(id), value: new WireWriter().varint(1, id).varint(2, ttlSeconds).finish() };
}

/** Key of a lease in the `lease` bucket. */
export function leaseKey(id: bigint): Uint8Array {
  const key = new Uint8Array(8);
  new DataView(key.buffer).setBigInt64(0, id);
  return key;
}

/** The id in a key of the `lease` bucket. */
export function leaseId(key: Uint8Array): bigint {
  return key.length === 8 ? new DataView(key.buffer, key.byteOffset, key.length).getBigInt64(0) : 0n;
}
