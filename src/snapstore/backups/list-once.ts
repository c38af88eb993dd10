import type { Bucket, ListOptions, ObjectEntry } from '../bucket.ts';

/**
 * The objects below a prefix, each once: a service whose pages overlap shows some again, and what counts backups to delete the oldest
 * would take an object for its own older copy.
 */
export async function* listOnce(
  bucket: Bucket,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<ObjectEntry, void, undefined> {
  const seen = new Set<string>();
  for await (const entry of bucket.list(prefix, options)) {
    if (!seen.has(entry.key)) {
      seen.add(entry.key);
      yield entry;
    }
  }
}
