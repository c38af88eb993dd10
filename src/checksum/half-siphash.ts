/** The secret of a hash: two numbers of 32 bits. */
export type HashSecret = readonly [number, number];

/**
 * HalfSipHash-1-3 of 32 bits: a fast hash for which nobody can find collisions without the secret. For tables whose keys others choose.
 * Source: Aumasson and Bernstein, github.com/veorq/SipHash, halfsiphash.c.
 */
export function halfSipHash(bytes: Uint8Array, [k0, k1]: HashSecret): number {
  let v0 = k0 | 0;
  let v1 = k1 | 0;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;
  const { length } = bytes;
  const whole = length - (length % 4);
  // The last word holds the bytes that are left and the length; three rounds without input end it.
  for (let at = 0, rest = 4; rest > 0; at += 4) {
    let word = 0;
    if (at < whole) {
      word =
        (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    } else {
      if (rest === 4) {
        word = length << 24;
        for (let left = whole; left < length; left++) {
          word |= (bytes[left] ?? 0) << (8 * (left - whole));
        }
      } else if (rest === 3) {
        v2 ^= 0xff;
      }
      rest -= 1;
    }
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = (v1 << 5) | (v1 >>> 27);
    v1 ^= v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = (v3 << 8) | (v3 >>> 24);
    v3 ^= v2;
    v0 = (v0 + v3) | 0;
    v3 = (v3 << 7) | (v3 >>> 25);
    v3 ^= v0;
    v2 = (v2 + v1) | 0;
    v1 = (v1 << 13) | (v1 >>> 19);
    v1 ^= v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return (v1 ^ v3) >>> 0;
}

/** A random secret. */
export function randomSecret(): HashSecret {
  const [first = 0, second = 0] = crypto.getRandomValues(new Uint32Array(2));
  return [first, second];
}
