import { parseRelativeKey } from '../../snapshot/name.ts';
import type { Bucket, CallOptions } from '../bucket.ts';
import { abandonedAfterMs, type Leftover } from '../leftover.ts';
import { isCompanionKey } from './companion-store.ts';
import { isMarkerKey } from './history-marker-store.ts';
import { isProofKey } from './proof-store.ts';

/**
 * Uploads below `root` (empty, or with a slash at its end) that no writer continues: of objects with our names, begun a day ago or more.
 * `now` is in ms since the epoch. Empty where the store keeps no such thing.
 */
export async function abandonedUploads(
  bucket: Bucket,
  root: string,
  { now, ...options }: CallOptions & { readonly now: number },
): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  for await (const leftover of bucket.leftovers?.(`${root}v2/`, options) ?? []) {
    if (isOurs(leftover.key, root) && leftover.begunAt <= now - abandonedAfterMs) {
      found.push(leftover);
    }
  }
  return found;
}

/** A store that does not say the key has checked the name itself. */
function isOurs(key: string | undefined, root: string): boolean {
  return (
    key === undefined ||
    parseRelativeKey(key.slice(root.length)).outcome === 'snapshot' ||
    isCompanionKey(key) ||
    isMarkerKey(key) ||
    isProofKey(key)
  );
}
