import {
  GetObjectTaggingCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ObjectVersion,
} from '@aws-sdk/client-s3';
import type { ListingDoubt, ListOptions, ObjectEntry } from '../../bucket.ts';
import { PageMarks } from '../../http/page-marks.ts';
import { StoreError } from '../../store-error.ts';
import { defaultRetention, refusalOf, taskOf, versioningOf } from './bucket-rules.ts';
import type { S3Place } from './s3-place.ts';

/** The tag that keeps a snapshot out of restores. */
const EXCLUDE_TAG = 'x-etcd-snapshot-exclude';

/** Tags asked for at once. */
const TAGS_AT_ONCE = 8;

/** The version of what was written while the bucket kept none. */
const NO_VERSION = 'null';

/** What is listed. */
interface S3Listing {
  readonly prefix: string;
  readonly signal: AbortSignal;
  readonly doubt: (doubt: ListingDoubt) => void;
}

/** All objects below `prefix`: of a bucket that keeps versions the oldest of each key, else what is there. */
export async function* listS3(
  place: S3Place,
  prefix: string,
  { signal, onDoubt = () => undefined }: ListOptions,
): AsyncGenerator<ObjectEntry, void, undefined> {
  const listing = { prefix, signal, doubt: onDoubt };
  const versioning = await versioningOf(place, signal);
  const versions = versioning === 'off' ? undefined : await versionsUnless(place, listing, versioning);
  if (versions === undefined) {
    yield* objects(place, listing);
  } else {
    yield* oldestVersions(place, listing, versions);
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

async function* objects(
  { client, requests, bucket, location }: S3Place,
  { prefix, signal }: S3Listing,
): AsyncGenerator<ObjectEntry, void, undefined> {
  const marks = new PageMarks({ action: 'list', object: location });
  let token: string | undefined;
  do {
    const input = { Bucket: bucket, Prefix: prefix, ContinuationToken: token };
    const page = await requests.run(taskOf('list', location, signal), (abortSignal) =>
      client.send(new ListObjectsV2Command(input), { abortSignal }),
    );
    for (const listed of page.Contents ?? []) {
      const entry = entryOf(listed, location);
      if (entry.key.startsWith(prefix)) {
        yield entry;
      }
    }
    token = marks.next({ more: page.IsTruncated === true, mark: page.NextContinuationToken });
  } while (token !== undefined);
}

/** A snapshot is the first that was written under its name: a locked bucket keeps it, no matter what came later. */
async function* oldestVersions(
  place: S3Place,
  { signal, doubt }: S3Listing,
  { oldest, deleted }: Versions,
): AsyncGenerator<ObjectEntry, void, undefined> {
  const retention = await defaultRetention(place, signal);
  if (!retention.known) {
    const reason = `whether ${place.location} locks its objects cannot be seen: GetBucketObjectLockConfiguration is denied`;
    doubt({ about: 'locks', reason });
  }
  const lockedFor = retention.known ? retention.ms : undefined;
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
  for (const entry of oldest.values()) {
    yield {
      ...entry,
      ...(lockedFor !== undefined && { immutableUntil: entry.modifiedAt + lockedFor }),
      ...(excluded.has(entry.key) && { excluded: true }),
    };
  }
}

/** What a bucket with versions holds. */
interface Versions {
  readonly oldest: ReadonlyMap<string, ObjectEntry>;
  /** Keys with a delete marker. */
  readonly deleted: ReadonlySet<string>;
}

async function allVersions(
  { client, requests, bucket, location }: S3Place,
  { prefix, signal }: S3Listing,
): Promise<Versions> {
  const oldest = new Map<string, ObjectEntry>();
  const deleted = new Set<string>();
  const marks = new PageMarks({ action: 'list the versions in', object: location });
  let markers: { readonly KeyMarker: string | undefined; readonly VersionIdMarker: string | undefined } | undefined;
  let more: string | undefined;
  do {
    const input = { Bucket: bucket, Prefix: prefix, ...markers };
    const page = await requests.run(taskOf('list the versions in', location, signal), (abortSignal) =>
      client.send(new ListObjectVersionsCommand(input), { abortSignal }),
    );
    for (const listed of page.Versions ?? []) {
      const entry = entryOf(listed, location);
      const known = oldest.get(entry.key);
      // Versions of a key come newest first, so of two from one second the later in the list is the older.
      if (entry.key.startsWith(prefix) && (known === undefined || entry.modifiedAt <= known.modifiedAt)) {
        const { VersionId: versionId = '' } = listed;
        oldest.set(entry.key, { ...entry, ...(versionId !== '' && { versionId }) });
      }
    }
    for (const { Key: key } of page.DeleteMarkers ?? []) {
      if (key !== undefined) {
        deleted.add(key);
      }
    }
    markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    const mark = page.NextKeyMarker === undefined ? undefined : JSON.stringify(markers);
    more = marks.next({ more: page.IsTruncated === true, mark });
  } while (more !== undefined);
  return { oldest, deleted };
}

/** An entry that lacks its name or its size is none: it must not count as an empty object. */
function entryOf({ Key: key, Size: size, LastModified: modified }: Listed, location: string): ObjectEntry {
  if (key === undefined || size === undefined) {
    const found = `an object is listed without its ${key === undefined ? 'name' : 'size'}`;
    throw new StoreError('invalid', { action: 'list', object: location, found });
  }
  return { key, size, modifiedAt: modified?.getTime() ?? 0 };
}

type Listed = Pick<ObjectVersion, 'Key' | 'Size' | 'LastModified'>;

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
