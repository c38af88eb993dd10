import { decodedSize, decodes } from './base64';
import { at, moveTo } from './cursor';
import { findQuote, takes, takesPositive } from './json-text';
import { RECORD_OVERHEAD, writeNumber, writeRevisionKey } from './key-value';
import { takesTime } from './time-text';

/** Two words a record: bytes of its key, bytes of its value. */
export const SIZES: usize = 0x10000;
const MOST_RECORDS: u32 = 0x4000;
/** Ids of leases, 8 bytes each. */
export const LEASES: usize = SIZES + 8 * <usize>MOST_RECORDS;
const MOST_LEASES: u32 = 0x2000;
/** Keys and values of the records, one after the other. */
export const RECORDS: usize = LEASES + 8 * <usize>MOST_LEASES;
const RECORDS_END: usize = 0xa0000;
/** The text of a delta, and after it {@link MARGIN} bytes. */
export const TEXT: usize = RECORDS_END;
/** Zeros after the text: more than is ever looked at without asking where the text ends. */
export const MARGIN: usize = 512;

/** Bytes of records after which a run ends. */
const ENOUGH: usize = 0x40000;

const MOST_EXACT: i64 = 0x1fffffffffffff;

/** Revision of the last change; those of one transaction share it. */
export let revision: f64 = 0;
/** Place of the last change within its transaction. */
export let sub: i32 = 0;
/** Records that the last run wrote, and their bytes. */
export let records: u32 = 0;
export let bytes: i32 = 0;
/** Leases that it wrote; some of them may be the same. */
export let leases: u32 = 0;

let lastLease: i64 = 0;

/** What the change that is being read must be, see {@link run}. */
let after: i64 = 0;
let until: i64 = 0;
let withLeases: bool = true;

/** Sets what the first change follows: revision and place within the transaction. */
export function follow(main: f64, place: i32): void {
  revision = main;
  sub = place;
}

/**
 * Reads events from `start` up to `end`, each after a comma, and writes a record of the `key` bucket for each. Ends
 * before the first one that is unusual, incomplete, not the next change, beyond `last`, or names a lease while
 * `leased` is 0; and when there is enough. Returns where it ended.
 */
export function run(start: usize, end: usize, first: f64, last: f64, leased: i32): usize {
  memory.fill(end, 0, MARGIN);
  after = <i64>first;
  until = <i64>last;
  withLeases = leased !== 0;
  records = 0;
  leases = 0;
  lastLease = 0;
  let to = RECORDS;
  let done = start;
  while (to - RECORDS < ENOUGH && records < MOST_RECORDS && leases < MOST_LEASES) {
    moveTo(done);
    const next = change(to, end);
    if (next === 0) {
      break;
    }
    done = at;
    to = next;
  }
  bytes = <i32>(to - RECORDS);
  return done;
}

/** Reads one event and writes its record to `to`. Returns where that ends, or 0. */
function change(to: usize, end: usize): usize {
  if (!takes(',{"etcdEvent":{')) {
    return 0;
  }
  const isDelete = takes('"type":1,');
  if (!takes('"kv":{"key":"')) {
    return 0;
  }
  const key = at;
  const keyEnd = findQuote(key, end);
  const keySize = decodedSize(key, keyEnd);
  if (keySize <= 0 || to + <usize>keySize + RECORD_OVERHEAD > RECORDS_END) {
    return 0;
  }
  moveTo(keyEnd + 1);
  const created = isDelete ? 0 : numberOf(',"create_revision":');
  const main = numberOf(',"mod_revision":');
  const place = main === <i64>revision ? sub + 1 : 0;
  if (main <= after || main > until || (place === 0 && main !== <i64>revision + 1)) {
    return 0;
  }
  let version: i64 = 0;
  let value: usize = 0;
  let valueEnd: usize = 0;
  let valueSize = 0;
  let lease: i64 = 0;
  if (!isDelete) {
    version = numberOf(',"version":');
    if (created === 0 || created > main || version === 0) {
      return 0;
    }
    if (takes(',"value":"')) {
      value = at;
      valueEnd = findQuote(value, end);
      valueSize = decodedSize(value, valueEnd);
      moveTo(valueEnd + 1);
    }
    if (takes(',"lease":')) {
      lease = takesPositive();
      if (lease === 0 || !withLeases) {
        return 0;
      }
    }
    if (valueSize < 0 || to + <usize>keySize + <usize>valueSize + RECORD_OVERHEAD > RECORDS_END) {
      return 0;
    }
  }
  if (!takes('}},"time":"') || !takesTime() || !takes('"}') || at > end) {
    return 0;
  }

  const message = writeRevisionKey(to, main, place, isDelete);
  let next = writeNumber(message, 0x0a, keySize);
  if (!decodes(key, keyEnd, next)) {
    return 0;
  }
  next += keySize;
  if (!isDelete) {
    next = writeNumber(next, 0x10, created);
    next = writeNumber(next, 0x18, main);
    next = writeNumber(next, 0x20, version);
    if (valueSize > 0) {
      next = writeNumber(next, 0x2a, valueSize);
      if (!decodes(value, valueEnd, next)) {
        return 0;
      }
      next += valueSize;
    }
    if (lease !== 0) {
      next = writeNumber(next, 0x30, lease);
      keepLease(lease);
    }
  }
  keepSizes(message - to, next - message);
  follow(<f64>main, place);
  return next;
}

/** Consumes a member with a number that a revision or version can be; 0 when it is not there. */
function numberOf(member: string): i64 {
  const number = takes(member) ? takesPositive() : 0;
  return number > MOST_EXACT ? 0 : number;
}

function keepSizes(key: usize, value: usize): void {
  const slot = SIZES + ((<usize>records) << 3);
  store<u32>(slot, <u32>key);
  store<u32>(slot + 4, <u32>value);
  records += 1;
}

/** Most leases are named many times in a row. */
function keepLease(lease: i64): void {
  if (lease !== lastLease) {
    store<i64>(LEASES + ((<usize>leases) << 3), lease);
    leases += 1;
    lastLease = lease;
  }
}
