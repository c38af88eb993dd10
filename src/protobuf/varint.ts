/**
 * Writes a protobuf varint at `at` and returns where it ends: seven bits a byte, low ones first, the top bit set in all
 * bytes but the last. Takes up to 10 bytes; negative values are written as their 64-bit two's complement.
 * A number has to be an integer of at most 2^53 - 1.
 */
export function writeVarint(target: Uint8Array, at: number, value: number | bigint): number {
  if (typeof value === 'number' && value >= 0) {
    return writeNumber(target, at, value);
  }
  const bits = BigInt.asUintN(64, BigInt(value));
  if (bits <= lowMask) {
    return writeNumber(target, at, Number(bits));
  }
  // Two numbers instead of bigint arithmetic for each byte.
  const low = Number(bits & lowMask);
  target[at] = (low & 0x7f) | 0x80;
  target[at + 1] = ((low >>> 7) & 0x7f) | 0x80;
  target[at + 2] = ((low >>> 14) & 0x7f) | 0x80;
  target[at + 3] = (low >>> 21) | 0x80;
  return writeNumber(target, at + 4, Number(bits >> 28n));
}

/** The bits that the first four bytes of a varint hold. */
const lowMask = 0xfff_ffffn;

function writeNumber(target: Uint8Array, at: number, value: number): number {
  let end = at;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) {
    target[end++] = (rest % 128) | 0x80;
  }
  target[end++] = rest;
  return end;
}
