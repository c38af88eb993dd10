import { ListObjectsV2Command, ListObjectVersionsCommand, type ObjectVersion } from '@aws-sdk/client-s3';
import type { Clock } from '../../../runtime/clock.ts';
import type { ListingDoubt, ObjectEntry } from '../../bucket.ts';
import { listedTime } from '../../http/listed-time.ts';
import { ListingCheck, type PageFacts } from '../../http/listing-check.ts';
import { PageTokens } from '../../http/page-tokens.ts';
import { StoreError } from '../../store-error.ts';
import { taskOf } from './bucket-rules.ts';
import type { S3Place } from './s3-place.ts';

/** Entries on a page, unless it says another number. */
const USUAL_PAGE = 1_000;

/** What is listed. */
export interface S3Listing {
  readonly prefix: string;
  readonly signal: AbortSignal;
  readonly doubt: (doubt: ListingDoubt) => void;
  readonly most: number | undefined;
}

/** What a bucket with versions holds. */
export interface Versions {
  readonly oldest: ReadonlyMap<string, ObjectEntry>;
  /** Keys with a delete marker. */
  readonly deleted: ReadonlySet<string>;
}

/** What is there, page by page. */
export async function* objectPages(
  { client, requests, bucket, location }: S3Place,
  { prefix, signal, doubt }: S3Listing,
): AsyncGenerator<readonly ObjectEntry[], void, undefined> {
  const tokens = new PageTokens({ action: 'list', object: location });
  const asked = new ListingCheck({ bucket, prefix }, location);
  let token: string | undefined;
  do {
    const input = { Bucket: bucket, Prefix: prefix, ContinuationToken: token };
    const page = await requests.run(taskOf('list', location, signal), (abortSignal) =>
      client.send(new ListObjectsV2Command(input), { abortSignal }),
    );
    const { Contents: found = [] } = page;
    asked.page({ ...factsOf(page), announced: page.KeyCount, keys: keysOf(found) });
    yield found
      .map((listed) => dated(entryOf(listed, location), requests.clock))
      .filter(({ key }) => key.startsWith(prefix));
    const { NextContinuationToken: next, IsTruncated: more = next !== undefined } = page;
    token = tokens.next({ more, token: next });
  } while (token !== undefined);
  if (asked.doubt !== undefined) {
    doubt(asked.doubt);
  }
}

/** Page by page; the key at which a page ends comes with the next one, since more of its versions may follow. */
export async function* versionPages(
  { client, requests, bucket, location }: S3Place,
  { prefix, signal, doubt }: S3Listing,
): AsyncGenerator<Versions, void, undefined> {
  const asked = new ListingCheck({ bucket, prefix }, location);
  const oldest = new Map<string, ObjectEntry>();
  const deleted = new Set<string>();
  const tokens = new PageTokens({ action: 'list the versions in', object: location });
  let markers: { readonly KeyMarker: string | undefined; readonly VersionIdMarker: string | undefined } | undefined;
  let more: string | undefined;
  do {
    const input = { Bucket: bucket, Prefix: prefix, ...markers };
    const page = await requests.run(taskOf('list the versions in', location, signal), (abortSignal) =>
      client.send(new ListObjectVersionsCommand(input), { abortSignal }),
    );
    const { Versions: found = [], DeleteMarkers: gone = [] } = page;
    asked.page({ ...factsOf(page), keys: keysOf([...found, ...gone]) });
    for (const listed of found) {
      const entry = entryOf(listed, location);
      if (entry.key.startsWith(prefix)) {
        const { VersionId: versionId = '' } = listed;
        keepOldest(oldest, { ...entry, ...(versionId !== '' && { versionId }) }, entry.key);
      }
    }
    for (const { Key: key } of gone) {
      if (key !== undefined) {
        deleted.add(key);
      }
    }
    markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    const mark = page.NextKeyMarker === undefined ? undefined : JSON.stringify(markers);
    more = tokens.next({ more: page.IsTruncated ?? mark !== undefined, token: mark });
    const last = more === undefined ? undefined : page.NextKeyMarker;
    const [held, wasDeleted] = last === undefined ? [] : [oldest.get(last), deleted.has(last)];
    if (last !== undefined) {
      oldest.delete(last);
      deleted.delete(last);
    }
    yield { oldest: new Map(oldest), deleted: new Set(deleted) };
    oldest.clear();
    deleted.clear();
    if (last !== undefined && held !== undefined) {
      oldest.set(last, held);
    }
    if (last !== undefined && wasDeleted === true) {
      deleted.add(last);
    }
  } while (more !== undefined);
  if (asked.doubt !== undefined) {
    doubt(asked.doubt);
  }
}

/** Versions of a key come newest first, so of two from one second, or of an unknown one, the later in the list is the older. */
export function keepOldest(oldest: Map<string, ObjectEntry>, entry: ObjectEntry, key: string): void {
  const known = oldest.get(key);
  if (known === undefined || !(entry.modifiedAt > known.modifiedAt)) {
    oldest.set(key, entry);
  }
}

/** What a page says of itself. */
function factsOf(page: {
  readonly Name?: string | undefined;
  readonly Prefix?: string | undefined;
  readonly IsTruncated?: boolean | undefined;
  readonly CommonPrefixes?: readonly unknown[] | undefined;
  readonly MaxKeys?: number | undefined;
  readonly NextContinuationToken?: string | undefined;
  readonly NextKeyMarker?: string | undefined;
}): Omit<PageFacts, 'announced' | 'keys'> {
  const { Name: bucket, Prefix: prefix, CommonPrefixes: folders, MaxKeys: said = 0 } = page;
  const next = page.NextContinuationToken ?? page.NextKeyMarker;
  const isTruncated = page.IsTruncated ?? (next === undefined ? undefined : true);
  return { bucket, prefix, isTruncated, most: said > 0 ? said : USUAL_PAGE, folders: folders?.length };
}

function keysOf(listed: readonly Pick<Listed, 'Key'>[]): readonly (string | undefined)[] {
  return listed.map(({ Key: key }) => key);
}

/** Its time is NaN where the store does not say it. An entry without a name or a size must not count as an empty object. */
function entryOf({ Key: key, Size: size, LastModified: modified }: Listed, location: string): ObjectEntry {
  if (key === undefined || size === undefined) {
    const found = `an object is listed without its ${key === undefined ? 'name' : 'size'}`;
    throw new StoreError('invalid', { action: 'list', object: location, found });
  }
  return { key, size, modifiedAt: modified?.getTime() ?? Number.NaN };
}

/** With a time of the clock where the store does not say one. */
export function dated(entry: ObjectEntry, clock: Clock): ObjectEntry {
  return { ...entry, modifiedAt: listedTime(entry.modifiedAt, clock) };
}

type Listed = Pick<ObjectVersion, 'Key' | 'Size' | 'LastModified'>;
