import { MalformedMessage, ProtobufReader, wireType } from '../../protobuf/reader.ts';
import { writeVarint } from '../../protobuf/varint.ts';

/**
 * The value of a record in etcd's `key` bucket: a protocol buffer message with its fields in ascending order, without those that
 * are zero or empty. A tombstone holds only the key.
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

/** A record's fields; key and value are ranges of a buffer. */
export interface KeyValueFields {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;
}

/** Most bytes {@link encodeKeyValue} writes beyond those of key and value: six tags and six numbers. */
export const KEY_VALUE_OVERHEAD = 6 + 6 * 10;

/**
 * Writes the message at `at`, byte for byte as etcd does, and returns where it ends. Key and value are copied from `source`.
 * The target needs room for both and {@link KEY_VALUE_OVERHEAD} more.
 */
export function encodeKeyValue(target: Uint8Array, at: number, source: Uint8Array, fields: KeyValueFields): number {
  let end = writeBytes(target, at, 0x0a, source, fields.keyStart, fields.keyEnd);
  end = writeNumber(target, end, 0x10, fields.createRevision);
  end = writeNumber(target, end, 0x18, fields.modRevision);
  end = writeNumber(target, end, 0x20, fields.version);
  end = writeBytes(target, end, 0x2a, source, fields.valueStart, fields.valueEnd);
  if (fields.lease !== 0n) {
    target[end] = 0x30;
    end = writeVarint(target, end + 1, fields.lease);
  }
  return end;
}

/** Writes the message of a tombstone, which holds only the key, at `at` and returns where it ends. */
export function encodeTombstone(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  key: Pick<KeyValueFields, 'keyStart' | 'keyEnd'>,
): number {
  return writeBytes(target, at, 0x0a, source, key.keyStart, key.keyEnd);
}

/**
 * Reads a message from `start` up to `end`; undefined when the bytes are no such message or a number is above 2^53 - 1.
 * Key and value are views. Unknown fields are skipped, as by every protobuf decoder.
 */
export function decodeKeyValue(bytes: Uint8Array, start = 0, end = bytes.length): KeyValue | undefined {
  const reader = new ProtobufReader(bytes, start, end);
  let key: Uint8Array = NOTHING;
  let value: Uint8Array = NOTHING;
  let createRevision = 0;
  let modRevision = 0;
  let version = 0;
  let lease = 0n;
  try {
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      switch (field) {
        case 1:
          key = reader.bytes();
          break;
        case 2:
          createRevision = reader.number();
          break;
        case 3:
          modRevision = reader.number();
          break;
        case 4:
          version = reader.number();
          break;
        case 5:
          value = reader.bytes();
          break;
        case 6:
          lease = reader.int64();
          break;
        default:
          reader.skip();
      }
    }
  } catch (error) {
    return undefinedIfMalformed(error);
  }
  return { key, createRevision, modRevision, version, value, lease };
}

/** The key in a message from `start` up to `end`, a view; undefined when the bytes are no such message. */
export function keyOf(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const reader = new ProtobufReader(bytes, start, end);
  let key: Uint8Array = NOTHING;
  try {
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) {
        key = reader.bytes();
      } else {
        skip(reader, field);
      }
    }
  } catch (error) {
    return undefinedIfMalformed(error);
  }
  return key;
}

/**
 * The mod revision of a message from `start` up to `end`, 0 when it has none; the other fields are skipped. Undefined when the
 * bytes are no such message.
 */
export function modRevisionOf(bytes: Uint8Array, start: number, end: number): number | undefined {
  const reader = new ProtobufReader(bytes, start, end);
  let modRevision = 0;
  try {
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 3) {
        modRevision = reader.number();
      } else {
        skip(reader, field);
      }
    }
  } catch (error) {
    return undefinedIfMalformed(error);
  }
  return modRevision;
}

/** Skips a field. A known field of another wire type is damage, as in etcd ("wrong wireType"). */
function skip(reader: ProtobufReader, field: number): void {
  switch (field) {
    case 1:
    case 5:
      reader.skip(wireType.bytes);
      break;
    case 2:
    case 3:
    case 4:
    case 6:
      reader.skip(wireType.varint);
      break;
    default:
      reader.skip();
  }
}

/** The caller knows file and offset: it reports the damage. */
function undefinedIfMalformed(error: unknown): undefined {
  if (!(error instanceof MalformedMessage)) {
    throw error;
  }
}

function writeBytes(
  target: Uint8Array,
  at: number,
  tag: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  if (start === end) {
    return at;
  }
  target[at] = tag;
  const to = writeVarint(target, at + 1, end - start);
  target.set(source.subarray(start, end), to);
  return to + end - start;
}

function writeNumber(target: Uint8Array, at: number, tag: number, value: number): number {
  if (value === 0) {
    return at;
  }
  target[at] = tag;
  return writeVarint(target, at + 1, value);
}
