import { isMarkerName } from '../../snapshot/history/announcement.ts';
import { parseRelativeKey } from '../../snapshot/name.ts';
import { type ProofName, parseProofName } from '../../snapshot/proof-name.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { isCompanionKey } from '../backups/companion-store.ts';

/** The prefix of the backups that an object belongs to, and what it is there. `prefix` has no slash at its end; empty for the top. */
export type KeyPlace =
  | { readonly prefix: string; readonly is: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly prefix: string; readonly is: 'proof'; readonly proof: ProofName }
  | { readonly prefix: string; readonly is: 'marker' | 'companion' };

/** No store has longer keys; what is longer is no backup's. */
const longestKey = 2_048;

/** Most folders named like a layout that are looked into in one key; a key with more was made to cost time. */
const mostLayouts = 8;

/** The place of a key; undefined where it is none of a backup. Of several folders `v1` and `v2` the first that a backup can be in counts. */
export function placeOf(key: string): KeyPlace | undefined {
  if (key.length > longestKey) {
    return undefined;
  }
  let layouts = 0;
  for (let at = 0; layouts < mostLayouts; ) {
    if (key.startsWith('v2/', at) || key.startsWith('v1/', at)) {
      layouts += 1;
      const prefix = key.slice(0, Math.max(0, at - 1));
      const found = placeIn(prefix, key.slice(at));
      if (found !== undefined && at !== 1 && isAddressable(prefix)) {
        return found;
      }
    }
    const slash = key.indexOf('/', at);
    if (slash === -1) {
      return undefined;
    }
    at = slash + 1;
  }
  return undefined;
}

/** Whether a store can be opened below a prefix: `--store-prefix` is cleaned as a path. */
export function isAddressable(prefix: string): boolean {
  return prefix === '' || !/(?:^|\/)\.{0,2}(?:\/|$)/.test(prefix);
}

function placeIn(prefix: string, relative: string): KeyPlace | undefined {
  const parsed = parseRelativeKey(relative);
  if (parsed.outcome === 'snapshot') {
    return { prefix, is: 'snapshot', snapshot: parsed.snapshot };
  }
  if (!relative.startsWith('v2/')) {
    return undefined;
  }
  const name = relative.slice('v2/'.length);
  if (isMarkerName(name)) {
    return { prefix, is: 'marker' };
  }
  const proof = parseProofName(name);
  if (proof !== undefined) {
    return { prefix, is: 'proof', proof };
  }
  return isCompanionKey(name) && !name.includes('/') ? { prefix, is: 'companion' } : undefined;
}
