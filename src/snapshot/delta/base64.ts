/** Up to this length a loop with a table is faster than the native decoder with its two calls. */
const SHORT_TEXT = 64;

const INVALID = 0xff;

/** Value of each base64 digit, by its ASCII byte. */
const DIGITS = new Uint8Array(256).fill(INVALID);
for (const [value, digit] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  DIGITS[digit.charCodeAt(0)] = value;
}

const PADDING = 0x3d;

/**
 * Decodes padded standard base64 in `source[start, end)` into `target` at `offset`.
 * Returns the number of bytes written, or -1 when the text is not base64.
 */
export function decodeBase64(
  source: Buffer,
  range: { readonly start: number; readonly end: number },
  target: Buffer,
  offset: number,
): number {
  const { start, end } = range;
  const length = end - start;
  if (length === 0) {
    return 0;
  }
  if (length % 4 !== 0) {
    return -1;
  }
  const padding = source[end - 1] !== PADDING ? 0 : source[end - 2] !== PADDING ? 1 : 2;
  const size = (length / 4) * 3 - padding;
  if (length > SHORT_TEXT) {
    // The native decoder skips bytes that are no digits; then the length is too short.
    const written = target.write(source.toString('latin1', start, end), offset, size, 'base64');
    return written === size ? size : -1;
  }
  return decodeShort(source, start, end - padding, target, offset) ? size : -1;
}

function decodeShort(source: Buffer, start: number, end: number, target: Buffer, offset: number): boolean {
  let bits = 0;
  let held = 0;
  let at = offset;
  for (let index = start; index < end; index += 1) {
    const digit = DIGITS[source[index] ?? 0] ?? INVALID;
    if (digit === INVALID) {
      return false;
    }
    bits = ((bits << 6) | digit) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      target[at] = bits >> held;
      at += 1;
    }
  }
  return true;
}
