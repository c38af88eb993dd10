import { at, moveTo } from './cursor';

const QUOTE: i8 = 0x22;
const ZERO: u32 = 0x30;

/** Consumes `text`, which is ASCII, when it comes next. */
export function takes(text: string): bool {
  const length = text.length;
  for (let index = 0; index < length; index++) {
    if (<i32>load<u8>(at + index) !== text.charCodeAt(index)) {
      return false;
    }
  }
  moveTo(at + length);
  return true;
}

/** Address of the first quote from `from` on, or one at `end` or up to 15 bytes after it when there is none before. */
export function findQuote(from: usize, end: usize): usize {
  const quotes = i8x16.splat(QUOTE);
  for (let block = from; block < end; block += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(block), quotes));
    if (found !== 0) {
      return block + ctz<i32>(found);
    }
  }
  return end;
}

/** Consumes a whole number from 1 to 2^63 - 1; returns 0 and consumes nothing when something else comes next. */
export function takesPositive(): i64 {
  let digit = <u32>load<u8>(at) - ZERO;
  if (digit === 0 || digit > 9) {
    return 0;
  }
  let value: u64 = 0;
  let next = at;
  for (let digits = 0; digit <= 9; digits++) {
    // 19 digits are less than 2^64, so that a number above 2^63 - 1 shows in its sign.
    if (digits === 19) {
      return 0;
    }
    value = value * 10 + digit;
    next += 1;
    digit = <u32>load<u8>(next) - ZERO;
  }
  if (<i64>value < 0) {
    return 0;
  }
  moveTo(next);
  return <i64>value;
}
