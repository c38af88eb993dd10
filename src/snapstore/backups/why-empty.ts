import { parseRelativeKey } from '../../snapshot/name.ts';
import type { Bucket, CallOptions, ListingDoubt, ListOptions } from '../bucket.ts';
import type { EmptyStore } from '../snapstore.ts';
import { whenDenied } from '../store-error.ts';

/** Prefixes that are enough to name. */
const ENOUGH = 3;

/**
 * Finds out why a listing of `root` (empty, or with a slash at its end) gave no snapshot, by a listing of the whole container. With
 * credentials that may only list `root`, the empty listing is all that is known.
 */
export async function whyEmpty(bucket: Bucket, root: string, options: CallOptions): Promise<EmptyStore> {
  if (bucket.exists !== undefined && !(await bucket.exists(options))) {
    return { kind: 'no container' };
  }
  const reasons: string[] = [];
  const onDoubt = ({ about, reason }: ListingDoubt): void => {
    if (about === 'objects') {
      reasons.push(reason);
    }
  };
  const found =
    (await lookAround(bucket, root, { ...options, onDoubt }).catch(whenDenied(undefined))) ??
    (await lookAround(bucket, root, { ...options, onDoubt, within: root }));
  if (found.kind !== 'directly here') {
    const remains = await remainsIn(bucket, root, { ...options, onDoubt });
    if (remains !== undefined) {
      return remains;
    }
  }
  const [reason] = reasons;
  return found.kind === 'nothing stored' && reason !== undefined ? { kind: 'unproved', reason } : found;
}

/** What names of a backup's objects begin with. */
const OURS = /^(?:Full|Incr|History|Companion|Proof|Backup)-\d/i;

/** The objects in the folders of the layouts with names like those of a backup; undefined where there are none. */
async function remainsIn(bucket: Bucket, root: string, options: ListOptions): Promise<EmptyStore | undefined> {
  let first: string | undefined;
  let count = 0;
  for (const layout of ['v1', 'v2']) {
    const folder = `${root}${layout}/`;
    for await (const { key } of bucket.list(folder, options)) {
      const names = key.startsWith(folder) ? key.slice(folder.length).split('/') : [];
      if (names.some((name) => OURS.test(name))) {
        first ??= key;
        count += 1;
      }
    }
  }
  return first === undefined ? undefined : { kind: 'remains', first, count };
}

async function lookAround(
  bucket: Bucket,
  root: string,
  { within = '', ...options }: ListOptions & { readonly within?: string },
): Promise<EmptyStore> {
  const prefixes = new Set<string>();
  for await (const { key } of bucket.list(within, options)) {
    if (key.startsWith(root) && isSnapshotBelowLayout(key.slice(root.length))) {
      return { kind: 'directly here' };
    }
    const prefix = prefixOf(key);
    if (prefix !== undefined && (prefix === '' ? '' : `${prefix}/`) !== root) {
      prefixes.add(prefix);
    }
    if (prefixes.size === ENOUGH) {
      break;
    }
  }
  return prefixes.size === 0 ? { kind: 'nothing stored' } : { kind: 'other prefixes', prefixes: [...prefixes] };
}

/** Whether a key is that of a snapshot once the folder of a layout is put before it. */
function isSnapshotBelowLayout(key: string): boolean {
  return ['v1', 'v2'].some((layout) => parseRelativeKey(`${layout}/${key}`).outcome === 'snapshot');
}

/** The prefix whose store this key belongs to as a snapshot. */
function prefixOf(key: string): string | undefined {
  const parts = key.split('/');
  const at = parts.findIndex(
    (part, index) =>
      (part === 'v1' || part === 'v2') && parseRelativeKey(parts.slice(index).join('/')).outcome === 'snapshot',
  );
  return at < 0 ? undefined : parts.slice(0, at).join('/');
}
