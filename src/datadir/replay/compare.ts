import { byteString } from '../raft/byte-string.ts';
import type { Compare } from '../raft/txn-request.ts';
import { keyRange } from './key-range.ts';
import type { LiveKey, LiveKeys } from './live-keys.ts';

const ABSENT: LiveKey = { createRevision: 0, modRevision: 0, version: 0, lease: 0n, value: undefined };

/** Whether a condition of a transaction holds for all keys of its range. Source: etcd, applyCompare in server/etcdserver/apply.go. */
export function holds(keys: LiveKeys, compare: Compare): boolean {
  const range = keys.inRange(keyRange(compare.key, compare.rangeEnd));
  if (range.length === 0) {
    // etcd lets every comparison with a value that does not exist fail.
    return compare.target !== 'value' && fits(compare, ABSENT);
  }
  return range.every((key) => fits(compare, keys.get(key) ?? ABSENT));
}

function fits(compare: Compare, stored: LiveKey): boolean {
  const order = orderOf(compare, stored);
  switch (compare.result) {
    case 'equal':
      return order === 0;
    case 'notEqual':
      return order !== 0;
    case 'greater':
      return order > 0;
    case 'less':
      return order < 0;
    case undefined:
      return true;
    default:
      return compare.result satisfies never;
  }
}

/** Negative when the stored side is smaller, positive when it is larger. */
function orderOf(compare: Compare, stored: LiveKey): number {
  const { number } = compare;
  switch (compare.target) {
    case 'version':
      return order(BigInt(stored.version), number);
    case 'create':
      return order(BigInt(stored.createRevision), number);
    case 'mod':
      return order(BigInt(stored.modRevision), number);
    case 'lease':
      return order(stored.lease, number);
    case 'value':
      return order(byteString(stored.value ?? new Uint8Array()), compare.value);
    case undefined:
      return 0;
    default:
      return compare.target satisfies never;
  }
}

function order<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : Number(a > b);
}
