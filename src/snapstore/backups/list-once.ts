import { limits } from '../../runtime/limits.ts';
import { countText } from '../../runtime/log/amount.ts';
import type { Bucket, ListOptions, ObjectEntry } from '../bucket.ts';
import { StoreError } from '../store-error.ts';

/**
 * The objects below a prefix, each once: a service whose pages overlap shows some again, and what counts backups to delete the oldest
 * would take an object for its own older copy. Throws a {@link StoreError} `invalid` for a size that no object has, and for more than
 * `most` objects: a service may give new pages without end.
 */
export async function* listOnce(
  bucket: Pick<Bucket, 'list' | 'location'>,
  prefix: string,
  { most = limits.listedObjects.most, ...options }: ListOptions & { readonly most?: number },
): AsyncGenerator<ObjectEntry, void, undefined> {
  const seen = new Set<string>();
  let listed = 0;
  for await (const entry of bucket.list(prefix, options)) {
    if (!Number.isSafeInteger(entry.size) || entry.size < 0) {
      throw new StoreError('invalid', {
        action: 'list',
        object: bucket.location,
        found: `an object is listed with ${entry.size} bytes, which is no size`,
        remedy: 'see what is on the way to the store, or what is wrong with it',
      });
    }
    listed += 1;
    if (listed > most) {
      throw new StoreError('invalid', {
        action: 'list',
        object: `${bucket.location}/${prefix}`,
        found: `it has more than ${countText(most, 'object')}`,
        remedy:
          'see whether the store gives the same listing again and again; otherwise delete what is not needed there',
      });
    }
    if (!seen.has(entry.key)) {
      seen.add(entry.key);
      yield entry;
    }
  }
}
