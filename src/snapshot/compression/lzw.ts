/**
 * LZW as Go's compress/lzw writes it with LSB order and 8-bit literals: codes of 9 to 12 bits, packed from the least
 * significant bit; 256 clears the table, 257 ends the data, new strings count from 258. The width grows as soon as the
 * next code would need it (not one code later, as in TIFF). The first code is a clear code.
 */
export const Lzw = {
  clear: 256,
  end: 257,
  /** Bits of a code after a clear code. */
  firstWidth: 9,
  /** Most bits of a code; 4095 is never given to a string. */
  maxWidth: 12,
  maxCode: 4095,
} as const;
