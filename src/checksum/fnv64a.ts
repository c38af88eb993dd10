const OFFSET_BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** FNV-1a, 64 bits, the checksum of bbolt's meta pages. For a few bytes only: it counts in bigints. */
export function fnv64a(bytes: Uint8Array): bigint {
  let sum = OFFSET_BASIS;
  for (const byte of bytes) {
    sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * PRIME);
  }
  return sum;
}
