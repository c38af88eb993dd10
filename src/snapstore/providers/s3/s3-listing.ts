import { GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import type { ListOptions, ObjectEntry } from '../../bucket.ts';
import { ListedObjects } from '../../listed-objects.ts';
import { defaultRetention, refusalOf, taskOf, versioningLately, versioningOf } from './bucket-rules.ts';
import { dated, keepOldest, objectPages, type S3Listing, type Versions, versionPages } from './s3-pages.ts';
import type { S3Place } from './s3-place.ts';

/** The tag that keeps a snapshot out of restores. */
const EXCLUDE_TAG = 'x-etcd-snapshot-exclude';

/** Tags asked for at once. */
const TAGS_AT_ONCE = 8;

/** The version of what was written while the bucket kept none. */
const NO_VERSION = 'null';

/** All objects below `prefix`: of a bucket that keeps versions the oldest of each key, else what is there. */
export async function* listS3(
  place: S3Place,
  prefix: string,
  { signal, onDoubt = () => undefined, most }: ListOptions,
): AsyncGenerator<ObjectEntry, void, undefined> {
  const listing = { prefix, signal, doubt: onDoubt, most };
  const versioning = await place.asked.versioning.get(signal, () => versioningOf(place, signal));
  // Asked for together with the versions, where there surely are some.
  const lock = versioning === 'on' ? lockedFor(place, listing) : undefined;
  lock?.catch(() => undefined);
  const versions = versioning === 'off' ? undefined : await versionsUnless(place, listing, versioning);
  if (versions === undefined) {
    yield* objects(place, listing);
    return;
  }
  // A snapshot is the first that was written under its name: a locked bucket keeps it, no matter what came later.
  yield* await oldestOf(place, listing, { ...versions, retention: await (lock ?? lockedFor(place, listing)) });
}

/** The same page by page. Only where versions are kept and that may not be seen, all of it is held at once. */
export async function* s3Pages(
  place: S3Place,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<readonly ObjectEntry[], void, undefined> {
  const { signal, onDoubt = () => undefined, most } = options;
  const listing = { prefix, signal, doubt: onDoubt, most };
  const versioning = await versioningLately(place, signal);
  switch (versioning) {
    case 'on':
      yield* versionedPages(place, listing);
      return;
    case 'hidden':
      yield await Array.fromAsync(listS3(place, prefix, options));
      return;
    case 'off':
    case 'unknown to the service':
      yield* objectPages(place, listing);
      return;
    default:
      return versioning satisfies never;
  }
}

async function* versionedPages(
  place: S3Place,
  listing: S3Listing,
): AsyncGenerator<readonly ObjectEntry[], void, undefined> {
  const retention = await lockedFor(place, listing);
  for await (const versions of versionPages(place, listing)) {
    yield await oldestOf(place, listing, { ...versions, retention });
  }
}

/** Undefined when the bucket, as far as one may know, keeps no versions. */
async function versionsUnless(
  place: S3Place,
  listing: S3Listing,
  versioning: 'on' | 'hidden' | 'unknown to the service',
): Promise<Versions | undefined> {
  if (versioning === 'on') {
    return await allVersions(place, listing);
  }
  if (versioning === 'unknown to the service') {
    return undefined;
  }
  try {
    const versions = await allVersions(place, listing);
    const isKept = [...versions.oldest.values()].some(({ versionId = NO_VERSION }) => versionId !== NO_VERSION);
    return isKept || versions.deleted.size > 0 ? versions : undefined;
  } catch (error) {
    refusalOf(error);
    listing.doubt({
      about: 'objects',
      reason:
        `${place.location} may keep versions, which cannot be seen: GetBucketVersioning and ListBucketVersions are denied; ` +
        'a snapshot that was hidden by a later deletion would not be listed',
    });
    return undefined;
  }
}

async function* objects(place: S3Place, listing: S3Listing): AsyncGenerator<ObjectEntry, void, undefined> {
  for await (const page of objectPages(place, listing)) {
    yield* page;
  }
}

/** How long objects are locked, ms; undefined where they are not, or it cannot be seen. */
async function lockedFor(place: S3Place, { signal, doubt }: S3Listing): Promise<number | undefined> {
  const retention = await place.asked.retention.get(signal, () => defaultRetention(place, signal));
  if (!retention.known) {
    const reason = `whether ${place.location} locks its objects cannot be seen: GetBucketObjectLockConfiguration is denied`;
    doubt({ about: 'locks', reason });
  }
  return retention.known ? retention.ms : undefined;
}

async function oldestOf(
  place: S3Place,
  { signal, doubt }: S3Listing,
  { oldest, deleted, retention }: Versions & { readonly retention: number | undefined },
): Promise<readonly ObjectEntry[]> {
  const excluded = new Set<string>();
  const suspects = [...oldest.values()].filter(({ key }) => deleted.has(key)).values();
  const worker = async (): Promise<void> => {
    for (const entry of suspects) {
      const tags = await isExcluded(place, entry, signal);
      if (tags === 'denied') {
        const reason = `whether objects in ${place.location} are marked as excluded cannot be seen: GetObjectVersionTagging is denied`;
        doubt({ about: 'marks', reason });
      } else if (tags) {
        excluded.add(entry.key);
      }
    }
  };
  await Promise.all(Array.from({ length: TAGS_AT_ONCE }, worker));
  const entries = [...oldest.values()].map((entry) => dated(entry, place.requests.clock));
  return entries.map((entry) => ({
    ...entry,
    ...(retention !== undefined && { immutableUntil: entry.modifiedAt + retention }),
    ...(excluded.has(entry.key) && { excluded: true }),
  }));
}

async function allVersions(place: S3Place, listing: S3Listing): Promise<Versions> {
  const oldest = new Map<string, ObjectEntry>();
  const deleted = new Set<string>();
  const listed = new ListedObjects(`${place.location}/${listing.prefix}`, listing.most);
  for await (const page of versionPages(place, listing)) {
    listed.add(page.oldest.size + page.deleted.size);
    for (const [key, entry] of page.oldest) {
      keepOldest(oldest, entry, key);
    }
    for (const key of page.deleted) {
      deleted.add(key);
    }
  }
  return { oldest, deleted };
}

async function isExcluded(
  { client, requests, bucket, location }: S3Place,
  { key, versionId }: ObjectEntry,
  signal: AbortSignal,
): Promise<boolean | 'denied'> {
  const input = { Bucket: bucket, Key: key, VersionId: versionId };
  try {
    const { TagSet: tags = [] } = await requests.run(
      taskOf('read the tags of', `${location}/${key}`, signal),
      (abortSignal) => client.send(new GetObjectTaggingCommand(input), { abortSignal }),
    );
    return tags.some((tag) => tag.Key === EXCLUDE_TAG && tag.Value === 'true');
  } catch (error) {
    return refusalOf(error) === 'denied' ? 'denied' : false;
  }
}
