import { VarintReader, varintSize, writeVarint } from './varint.ts';

/**
 * The value of a record in etcd's `key` bucket: a protocol buffer message, fields in ascending order, zero and empty ones left out.
 * A tombstone holds only the key.
 *
 * ```
 * tag   field
 * 0x0a  1 key, bytes
 * 0x10  2 create_revision, int64
 * 0x18  3 mod_revision, int64
 * 0x20  4 version, int64: 1 for the change that created the key
 * 0x2a  5 value, bytes
 * 0x30  6 lease, int64, 0 when there is none
 * ```
 *
 * Source: etcd api/mvccpb/kv.proto.
 */
export interface KeyValue {
  readonly key: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly value: Uint8Array;
  readonly lease: bigint;
}

const NOTHING = new Uint8Array(0);

/** Bytes {@link encodeKeyValue} writes. */
export function keyValueSize(record: KeyValue): number {
  return (
    bytesSize(record.key) +
    numberSize(record.createRevision) +
    numberSize(record.modRevision) +
    numberSize(record.version) +
    bytesSize(record.value) +
    (record.lease === 0n ? 0 : 1 + varintSize(record.lease))
  );
}

/** Writes the message at `at`, byte for byte as etcd does, and returns where it ends. */
export function encodeKeyValue(target: Uint8Array, at: number, record: KeyValue): number {
  let end = writeBytes(target, at, 0x0a, record.key);
  end = writeNumber(target, end, 0x10, record.createRevision);
  end = writeNumber(target, end, 0x18, record.modRevision);
  end = writeNumber(target, end, 0x20, record.version);
  end = writeBytes(target, end, 0x2a, record.value);
  if (record.lease !== 0n) {
    target[end] = 0x30;
    end = writeVarint(target, end + 1, record.lease);
  }
  return end;
}

/**
 * Reads a message from `start` up to `end`; undefined when the bytes are no such message or a number is above 2^53 - 1.
 * Key and value are views. Unknown fields are passed over, as every protobuf decoder does.
 */
export function decodeKeyValue(bytes: Uint8Array, start = 0, end = bytes.length): KeyValue | undefined {
  const reader = new VarintReader(bytes, start, end);
  let key: Uint8Array = NOTHING;
  let value: Uint8Array = NOTHING;
  let createRevision = 0;
  let modRevision = 0;
  let version = 0;
  let lease = 0n;
  while (reader.at < end && !reader.failed) {
    const tag = reader.number();
    switch (tag) {
      case 0x0a:
        key = reader.bytes();
        break;
      case 0x10:
        createRevision = reader.number();
        break;
      case 0x18:
        modRevision = reader.number();
        break;
      case 0x20:
        version = reader.number();
        break;
      case 0x2a:
        value = reader.bytes();
        break;
      case 0x30:
        lease = BigInt.asIntN(64, reader.bigint());
        break;
      default:
        reader.skip(tag);
    }
  }
  return reader.failed ? undefined : { key, createRevision, modRevision, version, value, lease };
}

function bytesSize(bytes: Uint8Array): number {
  return bytes.length === 0 ? 0 : 1 + varintSize(bytes.length) + bytes.length;
}

function numberSize(value: number): number {
  return value === 0 ? 0 : 1 + varintSize(value);
}

function writeBytes(target: Uint8Array, at: number, tag: number, bytes: Uint8Array): number {
  if (bytes.length === 0) {
    return at;
  }
  target[at] = tag;
  const start = writeVarint(target, at + 1, bytes.length);
  target.set(bytes, start);
  return start + bytes.length;
}

function writeNumber(target: Uint8Array, at: number, tag: number, value: number): number {
  if (value === 0) {
    return at;
  }
  target[at] = tag;
  return writeVarint(target, at + 1, value);
}
