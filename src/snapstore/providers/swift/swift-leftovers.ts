import type { CallOptions } from '../../bucket.ts';
import type { Leftover } from '../../leftover.ts';
import { ListedObjects } from '../../listed-objects.ts';
import { StoreError } from '../../store-error.ts';
import { manifestAt, takesIn } from './manifests.ts';
import { parseSegmentKey, segmentPrefix } from './segments.ts';
import type { SwiftConnection } from './swift-connection.ts';

type Connection = Pick<SwiftConnection, 'container' | 'location' | 'describe' | 'send' | 'list'>;

/** The segments of one upload. */
interface SegmentGroup {
  readonly owner: string;
  readonly upload: number;
  /** ms since the epoch. */
  newest: number;
}

/** What is needed to remove one. */
interface Removal {
  readonly deleteAll: (keys: Iterable<string>, options: CallOptions) => Promise<void>;
}

/**
 * Segments below `prefix` that no manifest of theirs names: of uploads that never came to their manifest, and of deletions that were cut
 * short after it. Segments are the data of an object, so its manifest is asked for again before they go.
 */
export async function* swiftLeftovers(
  connection: Connection,
  prefix: string,
  { signal, deleteAll }: CallOptions & Removal,
): AsyncGenerator<Leftover, void, undefined> {
  const groups = new Map<string, SegmentGroup[]>();
  const whole = new Set<string>();
  const held = new ListedObjects(`${connection.location}/${prefix}`);
  for await (const { key, modifiedAt } of connection.list(prefix, { signal })) {
    held.add(1);
    const segment = parseSegmentKey(key);
    if (segment === undefined) {
      whole.add(key);
      continue;
    }
    const { owner, upload } = segment;
    const known = groups.get(owner) ?? [];
    groups.set(owner, known);
    const group = known.find((each) => each.upload === upload);
    if (group === undefined) {
      known.push({ owner, upload, newest: modifiedAt });
    } else {
      group.newest = Math.max(group.newest, modifiedAt);
    }
  }
  for (const [owner, ofOwner] of groups) {
    // The only segments of an object that is there are its own.
    if (whole.has(owner) && ofOwner.length === 1) {
      continue;
    }
    const isUsed = whole.has(owner) ? await usersOf(connection, owner, { signal }) : () => false;
    for (const group of ofOwner.filter((each) => !isUsed(segmentPrefix(owner, each.upload)))) {
      yield {
        key: owner,
        what: `the segments of ${connection.location}/${segmentPrefix(owner, group.upload)}* without a manifest`,
        begunAt: group.newest,
        isListed: true,
        remove: (options) => removeGroup(connection, group, { ...options, deleteAll }),
      };
    }
  }
}

/** Says of a key, or of what keys begin with, whether the object at `owner` may be made of it. */
async function usersOf(
  connection: Connection,
  owner: string,
  { signal }: CallOptions,
): Promise<(key: string) => boolean> {
  const manifest = await manifestAt(connection, owner, { signal });
  return (key) => manifest.kind === 'static' || takesIn(manifest, { container: connection.container, key });
}

async function removeGroup(
  connection: Connection,
  { owner, upload, newest }: SegmentGroup,
  { signal, deleteAll }: CallOptions & Removal,
): Promise<void> {
  const prefix = segmentPrefix(owner, upload);
  const what = connection.describe('remove the segments', `${prefix}*`);
  const keys: string[] = [];
  const held = new ListedObjects(`${connection.location}/${prefix}`);
  for await (const { key, modifiedAt } of connection.list(prefix, { signal })) {
    held.add(1);
    if (parseSegmentKey(key)?.owner !== owner) {
      continue;
    }
    if (modifiedAt > newest) {
      throw new StoreError('transient', { ...what, found: 'somebody writes them again' });
    }
    keys.push(key);
  }
  const isUsed = await usersOf(connection, owner, { signal });
  if (keys.some(isUsed)) {
    throw new StoreError('transient', { ...what, found: 'they have become an object meanwhile' });
  }
  await deleteAll(keys, { signal });
}
