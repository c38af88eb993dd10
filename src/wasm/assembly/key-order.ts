/** True when key `a` comes after key `b`: bytewise, a prefix first, as bbolt orders keys. */
export function isAbove(a: usize, aSize: u32, b: usize, bSize: u32): bool {
  return isBelow(b, bSize, a, aSize);
}

/** True when key `a` comes before key `b`. */
export function isBelow(a: usize, aSize: u32, b: usize, bSize: u32): bool {
  const shared = aSize < bSize ? aSize : bSize;
  let at: usize = 0;
  for (; at + 8 <= shared; at += 8) {
    const left = load<u64>(a + at);
    const right = load<u64>(b + at);
    if (left !== right) {
      return bswap<u64>(left) < bswap<u64>(right);
    }
  }
  for (; at < shared; at++) {
    const left = load<u8>(a + at);
    const right = load<u8>(b + at);
    if (left !== right) {
      return left < right;
    }
  }
  return aSize < bSize;
}
