import { MalformedMessage, ProtobufReader } from '../../protobuf/reader.ts';
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

/** The tags of the fields: eight times the number, plus the wire type. */
const TAG = { key: 0x0a, createRevision: 0x10, modRevision: 0x18, version: 0x20, value: 0x2a, lease: 0x30 } as const;
/** Smaller tags that are not in {@link TAG} are damage, as in etcd ("wrong wireType"). */
const FIRST_UNKNOWN_TAG = 7 * 8;

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
  const found = findFields(bytes, start, end);
  if (found === undefined) {
    return undefined;
  }
  const { createRevision, modRevision, version } = found;
  if (Math.max(createRevision, modRevision, version) > Number.MAX_SAFE_INTEGER) {
    return undefined;
  }
  const key = viewOf(bytes, found.keyStart, found.keyEnd);
  const value = viewOf(bytes, found.valueStart, found.valueEnd);
  const lease = found.leaseStart === found.leaseEnd ? 0n : leaseIn(bytes, found.leaseStart, found.leaseEnd);
  return { key, createRevision, modRevision, version, value, lease };
}

/** The key in a message from `start` up to `end`, a view; undefined when the bytes are no such message. */
export function keyOf(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const found = findFields(bytes, start, end);
  return found === undefined ? undefined : viewOf(bytes, found.keyStart, found.keyEnd);
}

/**
 * The mod revision of a message from `start` up to `end`, 0 when it has none. Undefined when the bytes are no such message or
 * it is above 2^53 - 1.
 */
export function modRevisionOf(bytes: Uint8Array, start: number, end: number): number | undefined {
  const modRevision = findFields(bytes, start, end)?.modRevision ?? Number.POSITIVE_INFINITY;
  return modRevision <= Number.MAX_SAFE_INTEGER ? modRevision : undefined;
}

/** What {@link findFields} finds. Numbers above 2^53 - 1 are rounded, but stay above it. */
interface FoundFields extends Omit<KeyValueFields, 'lease'> {
  /** The field of the lease with its tag, an empty range when there is none. */
  readonly leaseStart: number;
  readonly leaseEnd: number;
}

/**
 * Finds the fields of a message from `start` up to `end`; undefined when the bytes are no such message. Checks, compactions and
 * replays do this for every record, so it is a loop over the bytes, which is faster than a {@link ProtobufReader}. It stays
 * short because a varint follows the tag of every known field: its number, or the length of its bytes.
 */
function findFields(bytes: Uint8Array, start: number, end: number): FoundFields | undefined {
  let keyStart = start;
  let keyEnd = start;
  let valueStart = start;
  let valueEnd = start;
  let createRevision = 0;
  let modRevision = 0;
  let version = 0;
  let leaseStart = start;
  let leaseEnd = start;
  for (let at = start; at < end; ) {
    const fieldStart = at;
    let tag = bytes[at++] ?? 0;
    if (tag >= FIRST_UNKNOWN_TAG) {
      const field = readUnusualField(bytes, fieldStart, end);
      if (field === undefined) {
        return undefined;
      }
      ({ tag, at } = field);
      if (tag >= FIRST_UNKNOWN_TAG) {
        continue;
      }
    }
    let number = 0;
    let byte = 0x80;
    for (let shift = 0, scale = 2 ** 28; byte >= 0x80; shift += 7) {
      if (at >= end || shift > 63) {
        return undefined;
      }
      byte = bytes[at++] ?? 0;
      if (shift < 28) {
        number |= (byte & 0x7f) << shift;
      } else {
        number += (byte & 0x7f) * scale;
        scale *= 128;
      }
    }
    switch (tag) {
      case TAG.key:
        keyStart = at;
        at += number;
        keyEnd = at;
        break;
      case TAG.createRevision:
        createRevision = number;
        break;
      case TAG.modRevision:
        modRevision = number;
        break;
      case TAG.version:
        version = number;
        break;
      case TAG.value:
        valueStart = at;
        at += number;
        valueEnd = at;
        break;
      case TAG.lease:
        leaseStart = fieldStart;
        leaseEnd = at;
        break;
      default:
        return undefined;
    }
    if (at > end) {
      return undefined;
    }
  }
  return { keyStart, keyEnd, valueStart, valueEnd, createRevision, modRevision, version, leaseStart, leaseEnd };
}

/**
 * Skips an unknown field at `start`, or only its tag when the field is known and the tag longer than it has to be. Returns the
 * tag and where this ends; undefined when the bytes are no field.
 */
function readUnusualField(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly tag: number; readonly at: number } | undefined {
  const reader = new ProtobufReader(bytes, start, end);
  try {
    reader.next();
    if (reader.tag >= FIRST_UNKNOWN_TAG) {
      reader.skip();
    }
  } catch (error) {
    if (error instanceof MalformedMessage) {
      return undefined;
    }
    throw error;
  }
  return { tag: reader.tag, at: reader.offset };
}

function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return start === end ? NOTHING : bytes.subarray(start, end);
}

/** The lease in its field, which begins at `start` with the tag. */
function leaseIn(bytes: Uint8Array, start: number, end: number): bigint {
  const reader = new ProtobufReader(bytes, start, end);
  reader.next();
  return reader.int64();
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
