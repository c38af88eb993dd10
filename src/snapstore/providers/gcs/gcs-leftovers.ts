import type { CallOptions, ObjectEntry } from '../../bucket.ts';
import type { Leftover } from '../../leftover.ts';
import { ListedObjects } from '../../listed-objects.ts';
import { StoreError } from '../../store-error.ts';
import { isPreconditionFailure } from './gcs-error.ts';
import type { GcsObject } from './gcs-object.ts';
import type { GcsRequests } from './gcs-requests.ts';

/** What is needed to find and remove them. */
interface GcsLeftoverPlace {
  readonly requests: Pick<GcsRequests, 'location' | 'delete'>;
  readonly list: (prefix: string, options: CallOptions) => AsyncIterable<GcsObject>;
}

/** The components of one object, with their generations by key. */
interface Components {
  newest: number;
  immutableUntil: number;
  readonly generations: Map<string, number>;
}

/**
 * Components below `prefix`. Of an object that is not there they are what its upload has left; one that is there was composed of them, and the
 * service keeps them all the same, under a name and a price of their own.
 */
export async function* gcsLeftovers(
  { requests, list }: GcsLeftoverPlace,
  prefix: string,
  { signal }: CallOptions,
): AsyncGenerator<Leftover, void, undefined> {
  const groups = new Map<string, Components>();
  const whole = new Set<string>();
  const held = new ListedObjects(`${requests.location}/${prefix}`);
  for await (const { entry, generation } of list(prefix, { signal })) {
    held.add(1);
    const owner = ownerOf(entry);
    if (owner === undefined) {
      whole.add(entry.key);
    } else {
      const group = groups.get(owner) ?? { newest: 0, immutableUntil: 0, generations: new Map<string, number>() };
      group.newest = Math.max(group.newest, entry.modifiedAt);
      group.immutableUntil = Math.max(group.immutableUntil, entry.immutableUntil ?? 0);
      group.generations.set(entry.key, generation);
      groups.set(owner, group);
    }
  }
  for (const [owner, { newest, immutableUntil, generations }] of groups) {
    const state = whole.has(owner) ? 'is whole without them' : 'was never composed';
    yield {
      key: owner,
      what: `the components ${requests.location}/${owner}/* of an object that ${state}`,
      begunAt: newest,
      immutableUntil,
      isListed: true,
      remove: (options) => removeComponents(requests, generations, options),
    };
  }
}

/** The key of the object that it is a component of; undefined for what is none. */
function ownerOf({ key }: ObjectEntry): string | undefined {
  return /^(.+)\/\d{10}$/s.exec(key)?.[1];
}

async function removeComponents(
  requests: GcsLeftoverPlace['requests'],
  generations: Components['generations'],
  { signal }: CallOptions,
): Promise<void> {
  for (const [key, generation] of generations) {
    try {
      await requests.delete(key, { signal, generation });
    } catch (error) {
      const isGone = error instanceof StoreError && error.kind === 'not_found';
      // Another generation is that of a new upload.
      if (!isGone && !isPreconditionFailure(error)) {
        throw error;
      }
    }
  }
}
