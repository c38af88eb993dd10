import { ProtobufReader } from '../../protobuf/reader.ts';
import { byteString } from './byte-string.ts';

// etcdserverpb.PutRequest and DeleteRangeRequest. Keys are byte strings, values views.

/** Writes one key. */
export interface PutRequest {
  readonly key: string;
  readonly value: Uint8Array;
  /** 0n for none. */
  readonly lease: bigint;
  /** Returns the previous value, which needs the right to read it. */
  readonly prevKv: boolean;
  /** Keeps the present value. */
  readonly ignoreValue: boolean;
  /** Keeps the present lease. */
  readonly ignoreLease: boolean;
}

/** Deletes a key or a range. */
export interface DeleteRangeRequest {
  readonly key: string;
  /** Empty for the key alone, `\0` for all keys from `key` on. */
  readonly rangeEnd: string;
  readonly prevKv: boolean;
}

/** Decodes PutRequest: 1 key, 2 value, 3 lease, 4 prev_kv, 5 ignore_value, 6 ignore_lease. Throws a `MalformedMessage`. */
export function decodePut(bytes: Uint8Array): PutRequest {
  const reader = new ProtobufReader(bytes);
  let key = '';
  let value: Uint8Array = new Uint8Array();
  let lease = 0n;
  let prevKv = false;
  let ignoreValue = false;
  let ignoreLease = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) key = byteString(reader.bytes());
    else if (field === 2) value = reader.bytes();
    else if (field === 3) lease = reader.int64();
    else if (field === 4) prevKv = reader.boolean();
    else if (field === 5) ignoreValue = reader.boolean();
    else if (field === 6) ignoreLease = reader.boolean();
    else reader.skip();
  }
  return { key, value, lease, prevKv, ignoreValue, ignoreLease };
}

/** Decodes DeleteRangeRequest: 1 key, 2 range_end, 3 prev_kv. Throws a `MalformedMessage`. */
export function decodeDeleteRange(bytes: Uint8Array): DeleteRangeRequest {
  const reader = new ProtobufReader(bytes);
  let key = '';
  let rangeEnd = '';
  let prevKv = false;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) key = byteString(reader.bytes());
    else if (field === 2) rangeEnd = byteString(reader.bytes());
    else if (field === 3) prevKv = reader.boolean();
    else reader.skip();
  }
  return { key, rangeEnd, prevKv };
}
