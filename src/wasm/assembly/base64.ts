const PADDING: u8 = 0x3d;
const PLUS: u8 = 0x2b;
const SLASH: u8 = 0x2f;
const UPPER_A: u8 = 0x41;
const LOWER_A: u8 = 0x61;
const ZERO: u8 = 0x30;
const NO_DIGIT: u32 = 0xff;

/** Bytes that padded base64 text from `start` up to `end` decodes to, going by its length; -1 when it cannot be base64. */
export function decodedSize(start: usize, end: usize): i32 {
  const length = <i32>(end - start);
  if ((length & 3) !== 0) {
    return -1;
  }
  if (length === 0) {
    return 0;
  }
  const padding = load<u8>(end - 1) !== PADDING ? 0 : load<u8>(end - 2) !== PADDING ? 1 : 2;
  return (length >> 2) * 3 - padding;
}

/**
 * Decodes padded standard base64 from `start` up to `end`, a multiple of four bytes, to `target`. Up to 4 bytes after
 * the decoded ones are overwritten. Returns false when there is anything but base64 in it.
 */
export function decodes(start: usize, end: usize, target: usize): bool {
  let at = start;
  let to = target;
  // The last block may hold padding.
  for (; at + 16 < end; at += 16) {
    const text = v128.load(at);
    const upper = inRange(text, UPPER_A, 26);
    const lower = inRange(text, LOWER_A, 26);
    const digit = inRange(text, ZERO, 10);
    const plus = i8x16.eq(text, i8x16.splat(PLUS));
    const slash = i8x16.eq(text, i8x16.splat(SLASH));
    const letter = v128.or(upper, lower);
    if (!i8x16.all_true(v128.or(letter, v128.or(digit, v128.or(plus, slash))))) {
      return false;
    }
    // What has to be added to each character for its value: A is 0, a 26, 0 is 52, + 62 and / 63.
    const ofLetters = v128.or(v128.and(upper, i8x16.splat(-65)), v128.and(lower, i8x16.splat(26 - 97)));
    const ofSigns = v128.or(v128.and(plus, i8x16.splat(62 - 43)), v128.and(slash, i8x16.splat(63 - 47)));
    const shift = v128.or(v128.or(ofLetters, ofSigns), v128.and(digit, i8x16.splat(52 - 48)));
    v128.store(to, packed(i8x16.add(text, shift)));
    to += 12;
  }
  for (; at < end; at += 4) {
    const third = load<u8>(at + 2);
    const fourth = load<u8>(at + 3);
    const ends = at + 4 === end && fourth === PADDING;
    const values =
      (digitValue(load<u8>(at)) << 24) |
      (digitValue(load<u8>(at + 1)) << 16) |
      ((ends && third === PADDING ? 0 : digitValue(third)) << 8) |
      (ends ? 0 : digitValue(fourth));
    if ((values & 0xc0c0c0c0) !== 0) {
      return false;
    }
    const word = ((values >> 6) & 0xfc0000) | ((values >> 4) & 0x3f000) | ((values >> 2) & 0xfc0) | (values & 0x3f);
    store<u8>(to, <u8>(word >> 16));
    store<u8>(to + 1, <u8>(word >> 8));
    store<u8>(to + 2, <u8>word);
    to += 3;
  }
  return true;
}

/** All bits of each byte of `text` that is one of `count` characters from `first` on. */
function inRange(text: v128, first: u8, count: i8): v128 {
  return i8x16.lt_u(i8x16.sub(text, i8x16.splat(first)), i8x16.splat(count));
}

/** Sixteen values of 6 bits, a byte each, as twelve bytes; four more follow. */
function packed(values: v128): v128 {
  const six = i32x4.splat(0x3f);
  // The first character of four is the lowest byte and has to become the highest bits.
  const first = i32x4.shl(v128.and(values, six), 18);
  const second = i32x4.shl(v128.and(i32x4.shr_u(values, 8), six), 12);
  const third = i32x4.shl(v128.and(i32x4.shr_u(values, 16), six), 6);
  const words = v128.or(v128.or(first, second), v128.or(third, i32x4.shr_u(values, 24)));
  return i8x16.swizzle(words, i8x16(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
}

/** Value of a character, 0 to 63, or {@link NO_DIGIT}. */
function digitValue(character: u32): u32 {
  if (character - UPPER_A < 26) {
    return character - UPPER_A;
  }
  if (character - LOWER_A < 26) {
    return character - LOWER_A + 26;
  }
  if (character - ZERO < 10) {
    return character - ZERO + 52;
  }
  return character === PLUS ? 62 : character === SLASH ? 63 : NO_DIGIT;
}
