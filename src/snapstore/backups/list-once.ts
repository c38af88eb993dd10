import type { Bucket, ListOptions, ObjectEntry } from '../bucket.ts';
import { ListedObjects } from '../listed-objects.ts';
import { StoreError } from '../store-error.ts';

/**
 * The objects below a prefix, each once: a service whose pages overlap shows some again, and what counts backups to delete the oldest
 * would take an object for its own older copy. Throws a {@link StoreError} `invalid` for a size that no object has, and for more than
 * `most` objects: a service may give new pages without end.
 */
export async function* listOnce(
  bucket: Pick<Bucket, 'list' | 'location'>,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<ObjectEntry, void, undefined> {
  const seen = new Set<string>();
  const listed = new ListedObjects(`${bucket.location}/${prefix}`, options.most);
  for await (const entry of bucket.list(prefix, options)) {
    if (!Number.isSafeInteger(entry.size) || entry.size < 0) {
      throw new StoreError('invalid', {
        action: 'list',
        object: bucket.location,
        found: `an object is listed with ${entry.size} bytes, which is no size`,
        remedy: 'see what is on the way to the store, or what is wrong with it',
      });
    }
    listed.add(1);
    if (!seen.has(entry.key)) {
      seen.add(entry.key);
      yield entry;
    }
  }
}
