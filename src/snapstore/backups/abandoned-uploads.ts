import { parseRelativeKey } from '../../snapshot/name.ts';
import type { Bucket, CallOptions } from '../bucket.ts';
import { abandonedAfterMs, type Leftover } from '../leftover.ts';
import { ListedObjects } from '../listed-objects.ts';
import { StoreError } from '../store-error.ts';
import { isCompanionKey } from './companion-store.ts';
import { isMarkerKey } from './history-marker-store.ts';
import { isProbeKey, PROBE_PREFIX } from './probe-key.ts';
import { isProofKey } from './proof-store.ts';

/**
 * What killed runs have left below `root` (empty, or with a slash at its end): uploads that no writer continues, of objects with our
 * names, and probes that were not deleted; begun a day ago or more, and not locked. `now` is in ms since the epoch.
 */
export async function abandonedUploads(
  bucket: Bucket,
  root: string,
  { now, ...options }: CallOptions & { readonly now: number },
): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  const folder = `${root}v2/`;
  const held = new ListedObjects(`${bucket.location}/${folder}`);
  for await (const leftover of bucket.leftovers?.(folder, options) ?? []) {
    held.add(1);
    if (isOurs(leftover, { bucket, root })) {
      found.push(leftover);
    }
  }
  for await (const probe of probesIn(bucket, folder, options)) {
    found.push(probe);
  }
  return found.filter(({ begunAt, immutableUntil = 0 }) => begunAt <= now - abandonedAfterMs && immutableUntil <= now);
}

/** A store that does not say the key has checked the name itself. Parts of snapshots that a listing shows are a matter of retention. */
function isOurs(
  { key, isListed }: Leftover,
  { bucket, root }: { readonly bucket: Pick<Bucket, 'traits'>; readonly root: string },
): boolean {
  if (key === undefined || isCompanionKey(key) || isMarkerKey(key) || isProofKey(key) || isProbeKey(key)) {
    return true;
  }
  const isRetained = isListed === true && !bucket.traits.partsAreData;
  return !isRetained && parseRelativeKey(key.slice(root.length)).outcome === 'snapshot';
}

/** Objects on which the rights in the store were tried. */
async function* probesIn(bucket: Bucket, folder: string, options: CallOptions): AsyncGenerator<Leftover> {
  for await (const entry of bucket.list(`${folder}${PROBE_PREFIX}`, options)) {
    const { key, modifiedAt, immutableUntil, versionId } = entry;
    // A part of a probe, which has one folder more, goes with it.
    if (isProbeKey(key) && key.lastIndexOf('/') === folder.length - 1) {
      yield {
        key,
        what: `the object ${bucket.location}/${key} of a check-store that did not end`,
        begunAt: modifiedAt,
        ...(immutableUntil === undefined ? {} : { immutableUntil }),
        remove: async ({ signal }) => {
          await bucket.delete(key, { signal, ...(versionId === undefined ? {} : { versionId }) }).catch(unlessGone);
        },
      };
    }
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof StoreError && error.kind === 'not_found')) {
    throw error;
  }
}
