import {
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetObjectTaggingCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ObjectEntry } from '../../bucket.ts';
import type { StoreRequests, StoreTask } from '../../http/store-requests.ts';
import { StoreError } from '../../store-error.ts';

/** The tag that keeps a snapshot out of restores. */
const EXCLUDE_TAG = 'x-etcd-snapshot-exclude';

const DAY = 24 * 60 * 60 * 1000;

/** Tags asked for at once. */
const TAGS_AT_ONCE = 8;

/** A bucket, and the means to send it requests. */
export interface S3Place {
  readonly client: S3Client;
  readonly requests: StoreRequests;
  readonly bucket: string;
  /** For messages. */
  readonly location: string;
}

/** All objects below `prefix`: of a bucket that keeps versions the oldest of each key, else what is there. */
export async function* listS3(
  place: S3Place,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<ObjectEntry, void, undefined> {
  if (await keepsVersions(place, signal)) {
    yield* oldestVersions(place, prefix, signal);
  } else {
    yield* objects(place, prefix, signal);
  }
}

async function keepsVersions({ client, requests, bucket, location }: S3Place, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await requests.run(taskOf('look at the versioning of', location, signal), (abortSignal) =>
      client.send(new GetBucketVersioningCommand({ Bucket: bucket }), { abortSignal }),
    );
    return answer.Status === 'Enabled';
  } catch (error) {
    // An account may be allowed to list but not to see this, and not every service knows the request.
    if (error instanceof StoreError && (error.kind === 'denied' || error.kind === 'invalid')) {
      return false;
    }
    throw error;
  }
}

async function* objects(
  { client, requests, bucket, location }: S3Place,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<ObjectEntry, void, undefined> {
  let token: string | undefined;
  do {
    const input = { Bucket: bucket, Prefix: prefix, ContinuationToken: token };
    const page = await requests.run(taskOf('list', location, signal), (abortSignal) =>
      client.send(new ListObjectsV2Command(input), { abortSignal }),
    );
    for (const { Key: key, Size: size = 0, LastModified: modified } of page.Contents ?? []) {
      if (key !== undefined) {
        yield { key, size, modifiedAt: modified?.getTime() ?? 0 };
      }
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/** A snapshot is the first that was written under its name: a locked bucket keeps it, no matter what came later. */
async function* oldestVersions(
  place: S3Place,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<ObjectEntry, void, undefined> {
  const lockedFor = await defaultRetention(place, signal);
  const { oldest, deleted } = await allVersions(place, prefix, signal);
  const excluded = new Set<string>();
  const suspects = [...oldest.values()].filter(({ key }) => deleted.has(key)).values();
  const worker = async (): Promise<void> => {
    for (const entry of suspects) {
      if (await isExcluded(place, entry, signal)) {
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

async function allVersions(
  { client, requests, bucket, location }: S3Place,
  prefix: string,
  signal: AbortSignal,
): Promise<{ readonly oldest: ReadonlyMap<string, ObjectEntry>; readonly deleted: ReadonlySet<string> }> {
  const oldest = new Map<string, ObjectEntry>();
  const deleted = new Set<string>();
  let markers: { readonly KeyMarker: string | undefined; readonly VersionIdMarker: string | undefined } | undefined;
  do {
    const input = { Bucket: bucket, Prefix: prefix, ...markers };
    const page = await requests.run(taskOf('list the versions in', location, signal), (abortSignal) =>
      client.send(new ListObjectVersionsCommand(input), { abortSignal }),
    );
    for (const { Key: key, VersionId: versionId, Size: size = 0, LastModified: modified } of page.Versions ?? []) {
      const modifiedAt = modified?.getTime() ?? 0;
      const known = key === undefined ? undefined : oldest.get(key);
      // Versions of a key come newest first, so of two from one second the later in the list is the older.
      if (key !== undefined && (known === undefined || modifiedAt <= known.modifiedAt)) {
        oldest.set(key, { key, size, modifiedAt, ...(versionId !== undefined && { versionId }) });
      }
    }
    for (const { Key: key } of page.DeleteMarkers ?? []) {
      if (key !== undefined) {
        deleted.add(key);
      }
    }
    markers =
      page.IsTruncated === true
        ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
        : undefined;
  } while (markers !== undefined);
  return { oldest, deleted };
}

/** How long the bucket locks what is put into it, ms; undefined when it does not. */
async function defaultRetention(
  { client, requests, bucket, location }: S3Place,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const { ObjectLockConfiguration: lock } = await requests.run(
      taskOf('look at the object lock of', location, signal),
      (abortSignal) => client.send(new GetObjectLockConfigurationCommand({ Bucket: bucket }), { abortSignal }),
    );
    const { Days: days = 0, Years: years = 0 } = lock?.Rule?.DefaultRetention ?? {};
    return days + years === 0 ? undefined : (days + years * 365) * DAY;
  } catch (error) {
    // A bucket without a lock answers that there is no configuration.
    if (error instanceof StoreError && error.kind !== 'transient') {
      return undefined;
    }
    throw error;
  }
}

async function isExcluded(
  { client, requests, bucket, location }: S3Place,
  { key, versionId }: ObjectEntry,
  signal: AbortSignal,
): Promise<boolean> {
  const input = { Bucket: bucket, Key: key, VersionId: versionId };
  const { TagSet: tags = [] } = await requests.run(
    taskOf('read the tags of', `${location}/${key}`, signal),
    (abortSignal) => client.send(new GetObjectTaggingCommand(input), { abortSignal }),
  );
  return tags.some((tag) => tag.Key === EXCLUDE_TAG && tag.Value === 'true');
}

function taskOf(action: string, object: string, signal: AbortSignal): StoreTask {
  return { action, object, signal, retry: 'safe' };
}
