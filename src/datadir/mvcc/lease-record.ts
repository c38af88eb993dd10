import { ProtobufReader } from '../../protobuf/reader.ts';
import { ProtobufWriter } from '../../protobuf/writer.ts';

/**
 * A record of etcd's `lease` bucket.
 *
 * ```
 * key     8 bytes: id, big-endian int64
 * value   a protocol buffer message:
 *   tag   field
 *   0x08  1 ID, int64
 *   0x10  2 TTL, int64, seconds
 *   0x18  3 RemainingTTL, int64, seconds; left out when 0
 * ```
 *
 * Source: etcd server/lease/leasepb/lease.proto, server/storage/schema/lease.go.
 */
export interface LeaseRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What the value of a {@link LeaseRecord} says. */
export interface Lease {
  readonly id: bigint;
  /** The time it was granted for. */
  readonly ttlSeconds: bigint;
}

const KEY_SIZE = 8;

/** The record of a lease. */
export function leaseRecord(id: bigint, ttlSeconds: number): LeaseRecord {
  return { key: leaseKey(id), value: new ProtobufWriter().varint(1, id).varint(2, ttlSeconds).finish() };
}

/** Reads the value of a record. Throws a `MalformedMessage`. */
export function decodeLease(value: Uint8Array): Lease {
  const reader = new ProtobufReader(value);
  let id = 0n;
  let ttlSeconds = 0n;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) id = reader.int64();
    else if (field === 2) ttlSeconds = reader.int64();
    else reader.skip();
  }
  return { id, ttlSeconds };
}

/** Key of a lease in the `lease` bucket. */
export function leaseKey(id: bigint): Uint8Array {
  const key = new Uint8Array(KEY_SIZE);
  new DataView(key.buffer).setBigInt64(0, id);
  return key;
}

/** The id in a key of the `lease` bucket; 0n, which is no lease, for a key of another size. */
export function leaseId(key: Uint8Array): bigint {
  return key.length === KEY_SIZE ? new DataView(key.buffer, key.byteOffset, key.length).getBigInt64(0) : 0n;
}
