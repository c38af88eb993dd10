import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { PageTokens } from '../../http/page-tokens.ts';
import type { StoreTask } from '../../http/store-requests.ts';
import { refusalOf, taskOf } from './bucket-rules.ts';
import type { S3Place } from './s3-place.ts';

/**
 * Removes what a deletion without a version leaves in a bucket that keeps or kept versions: the older versions of the key, which take
 * invisible room, and the delete marker. What the account may not remove is left.
 */
export async function removeVersions(place: S3Place, key: string, task: StoreTask): Promise<void> {
  const { client, requests, bucket } = place;
  try {
    for (const versionId of await versionsOf(place, key, task.signal)) {
      await requests.run(task, (abortSignal) =>
        client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }), { abortSignal }),
      );
    }
  } catch (error) {
    refusalOf(error);
  }
}

/** All versions of one key, delete markers after the others: as long as one is left, the key stays hidden. */
async function versionsOf(
  { client, requests, bucket, location }: S3Place,
  key: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const versions: string[] = [];
  const markers: string[] = [];
  const tokens = new PageTokens({ action: 'list the versions in', object: location });
  let next: { readonly KeyMarker: string | undefined; readonly VersionIdMarker: string | undefined } | undefined;
  let more: string | undefined;
  do {
    const input = { Bucket: bucket, Prefix: key, ...next };
    const page = await requests.run(taskOf('list the versions in', location, signal), (abortSignal) =>
      client.send(new ListObjectVersionsCommand(input), { abortSignal }),
    );
    const idsOf = (
      listed: readonly { readonly Key?: string | undefined; readonly VersionId?: string | undefined }[] = [],
    ): string[] => listed.flatMap((each) => (each.Key === key && each.VersionId !== undefined ? [each.VersionId] : []));
    versions.push(...idsOf(page.Versions));
    markers.push(...idsOf(page.DeleteMarkers));
    next = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    const mark = page.NextKeyMarker === undefined ? undefined : JSON.stringify(next);
    more = tokens.next({ more: page.IsTruncated === true, token: mark });
  } while (more !== undefined);
  return [...versions, ...markers];
}
