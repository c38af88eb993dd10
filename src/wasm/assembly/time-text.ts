import { at, moveTo } from './cursor';

const POINT: u8 = 0x2e;
const HYPHEN: u8 = 0x2d;
const COLON: u8 = 0x3a;
const UPPER_T: u8 = 0x54;
const UPPER_Z: u8 = 0x5a;
const ZERO: u32 = 0x30;
/** What {@link twoDigits} returns when there are none. */
const NO_NUMBER: u32 = 100;

/** Bytes of `YYYY-MM-DDTHH:MM:SS`. */
const SECONDS_LENGTH: usize = 19;
const MOST_FRACTION_DIGITS: usize = 9;

/**
 * Consumes an RFC 3339 time in UTC, `YYYY-MM-DDTHH:MM:SS[.fraction]Z`. Returns false and consumes nothing for every other
 * form, for days that do not exist, and for 29 February, which needs a calendar.
 */
export function takesTime(): bool {
  if (!isDate(at) || load<u8>(at + 10) !== UPPER_T || !isClock(at + 11)) {
    return false;
  }
  let next = at + SECONDS_LENGTH;
  if (load<u8>(next) === POINT) {
    next += 1;
    const first = next;
    while (<u32>load<u8>(next) - ZERO <= 9) {
      next += 1;
    }
    if (next === first || next - first > MOST_FRACTION_DIGITS) {
      return false;
    }
  }
  if (load<u8>(next) !== UPPER_Z) {
    return false;
  }
  moveTo(next + 1);
  return true;
}

function isDate(text: usize): bool {
  const month = twoDigits(text + 5);
  const day = twoDigits(text + 8);
  return (
    twoDigits(text) < NO_NUMBER &&
    twoDigits(text + 2) < NO_NUMBER &&
    load<u8>(text + 4) === HYPHEN &&
    month >= 1 &&
    month <= 12 &&
    load<u8>(text + 7) === HYPHEN &&
    day >= 1 &&
    day <= daysIn(month)
  );
}

function isClock(text: usize): bool {
  return (
    twoDigits(text) <= 23 &&
    load<u8>(text + 2) === COLON &&
    twoDigits(text + 3) <= 59 &&
    load<u8>(text + 5) === COLON &&
    twoDigits(text + 6) <= 59
  );
}

function twoDigits(text: usize): u32 {
  const tens = <u32>load<u8>(text) - ZERO;
  const ones = <u32>load<u8>(text + 1) - ZERO;
  return tens > 9 || ones > 9 ? NO_NUMBER : tens * 10 + ones;
}

function daysIn(month: u32): u32 {
  if (month === 2) {
    return 28;
  }
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
