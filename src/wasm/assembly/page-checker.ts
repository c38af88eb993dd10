import { isChange } from './change';
import { CRC_TABLES_END, crc32c } from './crc32c';
import { fingerprintsOf, mostWords } from './fingerprints';
import { isAbove, isBelow } from './key-order';

/** A branch page with what overflows from it. */
export const BRANCH: usize = 0x10000;
export const BRANCH_SIZE: u32 = 0x10000;
/** The bounds from above, {@link BOUND_SIZE} bytes each: every key is `MIN` or larger, and smaller than `BELOW`. */
export const MIN: usize = BRANCH + <usize>BRANCH_SIZE;
export const BOUND_SIZE: u32 = 0x1000;
export const BELOW: usize = MIN + <usize>BOUND_SIZE;
/** Two words a child: the address where it begins, and the one where what was read ends. */
export const PLACES: usize = BELOW + <usize>BOUND_SIZE;
export const MOST_CHILDREN: u32 = 0x1000;
/** A word a child: its page number. */
export const IDS: usize = PLACES + 8 * <usize>MOST_CHILDREN;
/** A word a child: how many pages it continues over. */
export const OVERFLOWS: usize = IDS + 4 * <usize>MOST_CHILDREN;
/** Where leaf pages may begin. */
export const PAGES: usize = CRC_TABLES_END;

const HEADER_SIZE: u64 = 16;
/** Pages 0 and 1 are metas. */
const FIRST_DATA_PAGE: u64 = 2;
const ELEMENT_SIZE: u64 = 16;
const LEAF_FLAG: u16 = 2;

/** Bytes of the bounds from above: -1 when there is none. */
let minSize: i32 = -1;
let belowSize: i32 = -1;
let children: i32 = 0;
/** Of the leaves that were summed last. */
let summedRecords: u32 = 0;
let summedBytes: u32 = 0;
/** Where the fingerprints that were written last end. */
let fingerprintsEnd: usize = 0;

/** Sets the bytes of the two bounds, which are at MIN and BELOW; -1 for none. */
export function bound(min: i32, below: i32): void {
  minSize = min;
  belowSize = below;
}

/**
 * Checks the branch page at BRANCH, `size` bytes with what overflows from it: elements within it, keys in order and
 * within the bounds, children from page 2 up to `highWater`. Writes their numbers to IDS and returns how many there are;
 * 0 when anything is not as it should be.
 */
export function branch(size: u32, highWater: u32): i32 {
  const count = <i32>load<u16>(BRANCH + 10);
  const tableEnd = HEADER_SIZE + <u64>count * ELEMENT_SIZE;
  if (count === 0 || count > <i32>MOST_CHILDREN || tableEnd > size) {
    return 0;
  }
  let before: usize = 0;
  let beforeSize: u32 = 0;
  for (let index = 0; index < count; index++) {
    const element = HEADER_SIZE + <u64>index * ELEMENT_SIZE;
    const start = element + <u64>load<u32>(BRANCH + <usize>element);
    const keySize = load<u32>(BRANCH + <usize>element + 4);
    const child = load<u64>(BRANCH + <usize>element + 8);
    if (
      start < tableEnd ||
      keySize === 0 ||
      start + <u64>keySize > size ||
      child < FIRST_DATA_PAGE ||
      child >= <u64>highWater
    ) {
      return 0;
    }
    const key = BRANCH + <usize>start;
    const inOrder =
      index > 0 ? isAbove(key, keySize, before, beforeSize) : minSize < 0 || !isBelow(key, keySize, MIN, <u32>minSize);
    if (!inOrder) {
      return 0;
    }
    store<u32>(IDS + ((<usize>index) << 2), <u32>child);
    before = key;
    beforeSize = keySize;
  }
  if (belowSize >= 0 && !isBelow(before, beforeSize, BELOW, <u32>belowSize)) {
    return 0;
  }
  children = count;
  return count;
}

/**
 * Checks the leaf pages below the branch: for each, PLACES holds the address where it begins and the one where what
 * was read ends. Elements have to be within their page, hold values rather than buckets, and have keys in order and
 * between those of the branch; with `changes` also records of changes. Writes to OVERFLOWS how many pages each continues
 * over. Returns 1 when all are as they should be, else 0.
 */
export function leaves(pageSize: u32, changes: i32): i32 {
  for (let index = 0; index < children; index++) {
    if (!isSound(index, pageSize, changes !== 0)) {
      return 0;
    }
  }
  return 1;
}

/** The CRC-32C over keys and values of all records of the leaves, which were found sound, in order. */
export function checksum(): u32 {
  let crc: u32 = 0;
  summedRecords = 0;
  summedBytes = 0;
  for (let child = 0; child < children; child++) {
    const page = <usize>load<u32>(PLACES + ((<usize>child) << 3));
    const count = <i32>load<u16>(page + 10);
    for (let index = 0; index < count; index++) {
      const at = page + <usize>(HEADER_SIZE + <u64>index * ELEMENT_SIZE);
      const start = at + load<u32>(at + 4);
      // The value follows the key at once.
      const size = load<u32>(at + 8) + load<u32>(at + 12);
      crc = crc32c(crc, start, start + size);
      summedBytes += size;
    }
    summedRecords += count;
  }
  return crc;
}

/** How many records {@link checksum} went over. */
export function records(): u32 {
  return summedRecords;
}

/** How many bytes {@link checksum} went over. */
export function bytes(): u32 {
  return summedBytes;
}

/**
 * Writes the fingerprints of the keys in the leaves from child `from` on, which were found sound with `changes`, from `to` on, up to
 * `end`: see `fingerprints.ts`. `rest` is room for those of one page. Returns the first child for which no room was left.
 */
export function fingerprints(from: i32, to: usize, end: usize, rest: usize): i32 {
  fingerprintsEnd = to;
  let child = from;
  for (; child < children; child++) {
    const page = <usize>load<u32>(PLACES + ((<usize>child) << 3));
    if (fingerprintsEnd + ((<usize>mostWords(<u32>load<u16>(page + 10))) << 2) > end) {
      break;
    }
    fingerprintsEnd = fingerprintsOf(page, load<u32>(IDS + ((<usize>child) << 2)), fingerprintsEnd, rest);
  }
  return child;
}

/** Where {@link fingerprints} ended to write. */
export function writtenUpTo(): usize {
  return fingerprintsEnd;
}

function isSound(child: i32, pageSize: u32, changes: bool): bool {
  const page = <usize>load<u32>(PLACES + ((<usize>child) << 3));
  const end = <usize>load<u32>(PLACES + ((<usize>child) << 3) + 4);
  const count = <i32>load<u16>(page + 10);
  const overflow = load<u32>(page + 12);
  const size = (<u64>overflow + 1) * <u64>pageSize;
  const tableEnd = HEADER_SIZE + <u64>count * ELEMENT_SIZE;
  if (
    load<u64>(page) !== <u64>load<u32>(IDS + ((<usize>child) << 2)) ||
    load<u16>(page + 8) !== LEAF_FLAG ||
    count === 0 ||
    size > <u64>(end - page) ||
    tableEnd > size
  ) {
    return false;
  }
  let before: usize = 0;
  let beforeSize: u32 = 0;
  for (let index = 0; index < count; index++) {
    const element = HEADER_SIZE + <u64>index * ELEMENT_SIZE;
    const at = page + <usize>element;
    const start = element + <u64>load<u32>(at + 4);
    const keySize = load<u32>(at + 8);
    const valueSize = load<u32>(at + 12);
    const valueEnd = start + <u64>keySize + <u64>valueSize;
    if (load<u32>(at) !== 0 || start < tableEnd || keySize === 0 || valueEnd > size) {
      return false;
    }
    const key = page + <usize>start;
    const inOrder =
      index > 0
        ? isAbove(key, keySize, before, beforeSize)
        : !isBelow(key, keySize, branchKey(child), branchKeySize(child));
    if (!inOrder || (changes && !isChange(key, keySize, valueSize))) {
      return false;
    }
    before = key;
    beforeSize = keySize;
  }
  store<u32>(OVERFLOWS + ((<usize>child) << 2), overflow);
  if (child + 1 < children) {
    return isBelow(before, beforeSize, branchKey(child + 1), branchKeySize(child + 1));
  }
  return belowSize < 0 || isBelow(before, beforeSize, BELOW, <u32>belowSize);
}

function branchKey(index: i32): usize {
  const element = BRANCH + <usize>(HEADER_SIZE + <u64>index * ELEMENT_SIZE);
  return element + <usize>load<u32>(element);
}

function branchKeySize(index: i32): u32 {
  return load<u32>(BRANCH + <usize>(HEADER_SIZE + <u64>index * ELEMENT_SIZE) + 4);
}
