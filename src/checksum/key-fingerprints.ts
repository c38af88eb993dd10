import { crc32cTable } from './crc32c.ts';

/** Prefixes of a key that have fingerprints: those that end in its first so many slashes. */
const MOST_PREFIXES = 8;

const SLASH = 0x2f;

/** Bits of a key's fingerprint. */
const KEY_BITS = 0xffffff;

/** Called for each fingerprint of a key's prefix, shortest first. */
export type PrefixHandler = (fingerprint: number) => void;

/**
 * The fingerprint of a key, the lower 24 bits of its CRC-32C. `onPrefix` is given those of its first {@link MOST_PREFIXES} prefixes
 * that end in a slash, the key itself among them where it does: their whole CRC-32C.
 */
export function keyFingerprint(bytes: Uint8Array, start: number, end: number, onPrefix?: PrefixHandler): number {
  let sum = -1;
  let prefixes = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    sum = (sum >>> 8) ^ (crc32cTable[(sum ^ byte) & 0xff] ?? 0);
    if (byte === SLASH && prefixes < MOST_PREFIXES) {
      prefixes += 1;
      onPrefix?.(~sum >>> 0);
    }
  }
  return ~sum & KEY_BITS;
}

/**
 * The fingerprint that every key with this prefix has among those of its prefixes; undefined when the prefix holds no slash, so
 * that there is none.
 */
export function prefixFingerprint(prefix: Uint8Array): number | undefined {
  let longest: number | undefined;
  keyFingerprint(prefix, 0, prefix.length, (fingerprint) => {
    longest = fingerprint;
  });
  return longest;
}
