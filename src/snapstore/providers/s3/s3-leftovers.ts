import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { CallOptions } from '../../bucket.ts';
import { PageTokens } from '../../http/page-tokens.ts';
import type { Leftover } from '../../leftover.ts';
import { taskOf } from './bucket-rules.ts';
import { s3ErrorCode } from './s3-error.ts';
import type { S3Place } from './s3-place.ts';

/** Multipart uploads below `prefix` that are neither completed nor aborted. */
export async function* s3Leftovers(
  place: S3Place,
  prefix: string,
  { signal }: CallOptions,
): AsyncGenerator<Leftover, void, undefined> {
  const { client, requests, bucket, location } = place;
  const action = 'list the unfinished uploads of';
  const tokens = new PageTokens({ action, object: location });
  let mark: string | undefined;
  let keyMark: string | undefined;
  let idMark: string | undefined;
  do {
    const input = { Bucket: bucket, Prefix: prefix, KeyMarker: keyMark, UploadIdMarker: idMark };
    const page = await requests.run(taskOf(action, location, signal), (abortSignal) =>
      client.send(new ListMultipartUploadsCommand(input), { abortSignal }),
    );
    for (const { Key: key, UploadId: uploadId, Initiated: initiated } of page.Uploads ?? []) {
      if (key !== undefined && uploadId !== undefined && initiated !== undefined && key.startsWith(prefix)) {
        const what = `the unfinished upload of ${location}/${key}`;
        yield {
          key,
          what,
          begunAt: initiated.getTime(),
          remove: (options) => abort(place, { key, uploadId }, options),
        };
      }
    }
    keyMark = page.NextKeyMarker;
    idMark = page.NextUploadIdMarker;
    mark = tokens.next({ more: page.IsTruncated === true, token: keyMark && `${keyMark}\n${idMark ?? ''}` });
  } while (mark !== undefined);
}

async function abort(
  { client, requests, bucket, location }: S3Place,
  { key, uploadId }: { readonly key: string; readonly uploadId: string },
  { signal }: CallOptions,
): Promise<void> {
  const input = { Bucket: bucket, Key: key, UploadId: uploadId };
  try {
    await requests.run(taskOf('abort the upload of', `${location}/${key}`, signal), (abortSignal) =>
      client.send(new AbortMultipartUploadCommand(input), { abortSignal }),
    );
  } catch (error) {
    if (s3ErrorCode(error) !== 'NoSuchUpload') {
      throw error;
    }
  }
}
