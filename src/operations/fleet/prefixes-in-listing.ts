import type { Layout } from '../../snapshot/snapshot.ts';
import type { ObjectEntry } from '../../snapstore/bucket.ts';
import { placeOf } from '../../snapstore/fleet/key-place.ts';
import type { FoundPrefix } from '../../snapstore/fleet/walk-folders.ts';

/** So many entries of a listing are read before folders are walked instead: twenty pages. */
const mostEntries = 20_000;

/**
 * The prefixes in a listing of everything, where it ends soon: then it takes at most twenty requests, and a walk takes several for each
 * prefix. Undefined where it does not end soon.
 */
export async function prefixesInListing(
  pages: AsyncIterable<readonly ObjectEntry[]>,
  most: number = mostEntries,
): Promise<readonly FoundPrefix[] | undefined> {
  const layouts = new Map<string, Set<Layout>>();
  let entries = 0;
  for await (const page of pages) {
    entries += page.length;
    if (entries > most) {
      return undefined;
    }
    for (const { key } of page) {
      const prefix = placeOf(key)?.prefix;
      if (prefix !== undefined) {
        const layout = key.startsWith('v1/', prefix === '' ? 0 : prefix.length + 1) ? 'v1' : 'v2';
        const known = layouts.get(prefix);
        if (known === undefined) {
          layouts.set(prefix, new Set([layout]));
        } else {
          known.add(layout);
        }
      }
    }
  }
  return [...layouts]
    .filter(([prefix]) => !isInsideOf(layouts, prefix))
    .map(([prefix, found]) => ({ prefix, layouts: [...found].sort() }));
}

/** Whether a prefix is in a folder of backups of another one, whose listing shows it as well. */
function isInsideOf(others: ReadonlyMap<string, unknown>, prefix: string): boolean {
  const parts = prefix.split('/');
  return parts.some((part, at) => (part === 'v1' || part === 'v2') && others.has(parts.slice(0, at).join('/')));
}
