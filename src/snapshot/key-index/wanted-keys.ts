import { keyFingerprint, prefixFingerprint } from '../../checksum/key-fingerprints.ts';
import type { WantedFingerprints } from './page-table.ts';

/** Keys that are looked for: one, or all that begin with a prefix. */
export type WantedKeys =
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | { readonly kind: 'prefix'; readonly prefix: Uint8Array };

/** Whether a key is among those that are looked for. */
export function isWanted(key: Uint8Array, wanted: readonly WantedKeys[]): boolean {
  return wanted.some((each) =>
    each.kind === 'key'
      ? key.length === each.key.length && Buffer.compare(key, each.key) === 0
      : key.length >= each.prefix.length && Buffer.compare(key.subarray(0, each.prefix.length), each.prefix) === 0,
  );
}

/** What an index is asked for; undefined when it cannot say, as for a prefix without a slash. */
export function wantedFingerprints(wanted: readonly WantedKeys[]): WantedFingerprints | undefined {
  const keys = new Set<number>();
  const prefixes = new Set<number>();
  for (const each of wanted) {
    if (each.kind === 'key') {
      keys.add(keyFingerprint(each.key, 0, each.key.length));
      continue;
    }
    const fingerprint = prefixFingerprint(each.prefix);
    if (fingerprint === undefined) {
      return undefined;
    }
    prefixes.add(fingerprint);
  }
  return { keys, prefixes };
}
