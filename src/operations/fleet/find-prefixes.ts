import { limits } from '../../runtime/limits.ts';
import { promptBufferCollection } from '../../runtime/memory/prompt-buffer-collection.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { prefetch } from '../../runtime/streams/prefetch.ts';
import type { Bucket, ObjectEntry } from '../../snapstore/bucket.ts';
import type { PrefixObjects } from '../../snapstore/fleet/prefix-groups.ts';
import { PrefixGroups } from '../../snapstore/fleet/prefix-groups.ts';
import { reservedFolder } from '../../snapstore/fleet/reserved-folder.ts';
import { type FoundPrefix, walkFolders } from '../../snapstore/fleet/walk-folders.ts';
import { type StoreError, whenDenied } from '../../snapstore/store-error.ts';
import { tooManyPrefixes } from './fleet-failure.ts';
import type { PrefixGlob } from './prefix-glob.ts';
import { prefixesInListing } from './prefixes-in-listing.ts';

/** What a client leaves of each entry of a page, bytes: text, and what it was parsed into. */
const garbagePerEntry = 2_048;

/** Where prefixes are looked for. */
export interface Search {
  readonly bucket: Bucket;
  /** Empty, or with a slash at its end. */
  readonly root: string;
  /** Names of prefixes below the root. */
  readonly glob: PrefixGlob;
  /** More are not held in memory; {@link limits} when left out. */
  readonly mostPrefixes?: number | undefined;
}

/** A folder that could not be looked into. */
export interface RefusedFolder {
  readonly folder: string;
  readonly error: StoreError;
}

/** What a walk over the folders of a container has found. */
export interface FoundPrefixes {
  /** By name. */
  readonly prefixes: readonly FoundPrefix[];
  readonly refused: readonly RefusedFolder[];
}

/**
 * Finds prefixes: from a listing where all of it has some pages, else by their folders, without listing what is in them. Throws a
 * StoreError, and a Failure when there are too many.
 */
export async function findPrefixes(
  { bucket, root, glob, mostPrefixes = limits.fleetPrefixes.most }: Search,
  context: RunContext,
): Promise<FoundPrefixes> {
  const prefixes: FoundPrefix[] = [];
  const refused: RefusedFolder[] = [];
  const isWanted = ({ prefix }: FoundPrefix): boolean =>
    `${prefix}/`.startsWith(root) && glob.matches(belowRoot(prefix, root));
  const few =
    bucket.traits.listsByFolder === true
      ? await prefixesInListing(
          withoutReserved(pagesOf(bucket, `${root}${glob.beginning}`, context.signal), root),
        ).catch(whenDenied(undefined))
      : undefined;
  if (few !== undefined) {
    return { prefixes: few.filter(isWanted).sort((a, b) => compareText(a.prefix, b.prefix)), refused };
  }
  using meter = context.progress.start({ label: 'looking for clusters', unit: 'folders', total: undefined });
  await walkFolders(bucket, {
    root,
    signal: context.signal,
    mayHold: (folder) => glob.mayHold(belowRoot(folder, root)),
    onFolder: () => meter.advance(1),
    onPrefix: (found) => {
      if (glob.matches(belowRoot(found.prefix, root))) {
        prefixes.push(found);
        if (prefixes.length > mostPrefixes) {
          throw tooManyPrefixes(bucket.location, mostPrefixes);
        }
      }
    },
    onRefused: (folder, error) => refused.push({ folder, error }),
  });
  prefixes.sort((a, b) => compareText(a.prefix, b.prefix));
  return { prefixes, refused };
}

/**
 * The objects of each prefix from one listing of everything, for stores that list folder by folder. A prefix may come twice; the second
 * time it is whole.
 */
export async function* groupedListing(
  { bucket, root, glob, mostPrefixes = limits.fleetPrefixes.most }: Search,
  context: RunContext,
): AsyncGenerator<PrefixObjects, void, undefined> {
  const { signal, clock } = context;
  const groups = new PrefixGroups({ now: clock.now() });
  const isWanted = ({ prefix }: PrefixObjects): boolean =>
    `${prefix}/`.startsWith(root) && glob.matches(belowRoot(prefix, root));
  using meter = context.progress.start({ label: 'listing clusters', unit: 'objects', total: undefined });
  using collection = promptBufferCollection();
  const reserved = `${root}${reservedFolder}`;
  // The next page is on its way while this one is sorted.
  for await (const page of prefetch(pagesOf(bucket, `${root}${glob.beginning}`, signal))) {
    meter.advance(page.length);
    collection.discarded(page.length * garbagePerEntry);
    for (const entry of page) {
      if (!entry.key.startsWith(reserved)) {
        const ended = groups.add(entry);
        if (ended.length > 0) {
          yield* ended.filter(isWanted);
        }
      }
    }
    if (groups.count > mostPrefixes) {
      throw tooManyPrefixes(bucket.location, mostPrefixes);
    }
  }
  yield* groups.end().filter(isWanted);
  for (const prefix of [...groups.again]) {
    const whole = await objectsOf(bucket, { prefix, layouts: ['v1', 'v2'] }, context);
    yield* whole.filter(isWanted);
  }
}

async function* withoutReserved(
  pages: AsyncIterable<readonly ObjectEntry[]>,
  root: string,
): AsyncGenerator<readonly ObjectEntry[], void, undefined> {
  const reserved = `${root}${reservedFolder}`;
  for await (const page of pages) {
    yield page.filter(({ key }) => !key.startsWith(reserved));
  }
}

async function* pagesOf(
  bucket: Bucket,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<readonly ObjectEntry[], void, undefined> {
  if (bucket.pages !== undefined) {
    yield* bucket.pages(prefix, { signal });
    return;
  }
  for await (const entry of bucket.list(prefix, { signal })) {
    yield [entry];
  }
}

/** The objects of a prefix from a listing of its own, and those of prefixes inside its folders. */
export async function objectsOf(
  bucket: Bucket,
  { prefix, layouts }: FoundPrefix,
  { signal, clock }: Pick<RunContext, 'signal' | 'clock'>,
): Promise<readonly PrefixObjects[]> {
  const groups = new PrefixGroups({ now: clock.now() });
  const found = new Map<string, PrefixObjects>();
  const keep = (ended: readonly PrefixObjects[]): void => {
    for (const group of ended) {
      found.set(group.prefix, group);
    }
  };
  for (const layout of layouts) {
    for await (const page of pagesOf(bucket, `${prefix === '' ? '' : `${prefix}/`}${layout}/`, signal)) {
      for (const entry of page) {
        keep(groups.add(entry));
      }
    }
  }
  keep(groups.end());
  return [...found.values()];
}

/** The name of a prefix below the root. */
export function belowRoot(prefix: string, root: string): string {
  return prefix.slice(Math.min(prefix.length, root.length));
}

/** For `sort`: by UTF-16 code units, as the names are. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
