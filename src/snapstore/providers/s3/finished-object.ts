import { createHash } from 'node:crypto';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { CallOptions } from '../../bucket.ts';
import { StoreError } from '../../store-error.ts';
import { bareEtag } from './part-etags.ts';
import type { S3Place } from './s3-place.ts';
import type { SseCustomerKey } from './s3-settings.ts';

/** Which object was finished. */
interface FinishedKey {
  readonly key: string;
  readonly sse: SseCustomerKey | undefined;
}

/** What HEAD says of an object. */
export interface FinishedObject {
  /** Undefined where something on the way has left it out. */
  readonly size: number | undefined;
  readonly etag: string | undefined;
  readonly versionId: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly modifiedAt: number;
}

/** What an object must be whose parts have been joined. */
export interface ExpectedObject {
  readonly size: number;
  /** Undefined where the parts have no MD5 for an ETag. */
  readonly etag: string | undefined;
  readonly parts: number;
}

/** A look at one object, or at one version of it. */
interface Look extends CallOptions {
  readonly versionId?: string | undefined;
}

/**
 * Looks at a finished object, again without a version where that is refused: services name versions that they then do not
 * know, or show an object a moment later than they have it.
 */
export async function lookAtFinished(place: S3Place, target: FinishedKey, look: Look): Promise<FinishedObject> {
  try {
    return await headFinished(place, target, look);
  } catch (error) {
    if (!(error instanceof StoreError) || (error.kind !== 'invalid' && error.kind !== 'not_found')) {
      throw error;
    }
    const { clock, timeouts } = place.requests;
    await clock.sleep(timeouts.retries.firstMs, look.signal);
    return await headFinished(place, target, { signal: look.signal }).catch(missing(place, target));
  }
}

/** For `catch`: what it means that an object is not there whose upload the store has just called complete. */
function missing({ location }: S3Place, { key }: FinishedKey): (error: unknown) => never {
  return (error) => {
    if (error instanceof StoreError && error.kind === 'not_found') {
      throw new StoreError('not_found', {
        action: 'verify',
        object: `${location}/${key}`,
        found: 'the store called its upload complete, and does not have it',
        remedy: 'see what deletes it there (another program, a rule of the bucket), or whether the store is broken',
        cause: error.cause,
      });
    }
    throw error;
  };
}

/** Looks at an object once. */
export async function headFinished(
  { client, requests, bucket, location }: S3Place,
  { key, sse }: FinishedKey,
  { versionId, signal }: Look,
): Promise<FinishedObject> {
  const task = { action: 'verify', object: `${location}/${key}`, signal, retry: 'safe' } as const;
  const input = { Bucket: bucket, Key: key, VersionId: versionId, ...sse };
  const answer = await requests.run(task, (abortSignal) => client.send(new HeadObjectCommand(input), { abortSignal }));
  return {
    size: answer.ContentLength,
    etag: bareEtag(answer.ETag),
    versionId: versionOf(answer),
    modifiedAt: answer.LastModified?.getTime() ?? 0,
  };
}

/** The ETag of an object of several parts: the MD5 of the parts' MD5s, which are given in hex, and their number. Undefined where a part has none. */
export function wholeEtag(parts: readonly (string | undefined)[]): string | undefined {
  const whole = createHash('md5');
  for (const md5 of parts) {
    if (md5 === undefined) {
      return undefined;
    }
    whole.update(md5, 'hex');
  }
  return `${whole.digest('hex')}-${parts.length}`;
}

/** Whether an object is the one that was sent, as far as can be seen. */
export function isWhole({ etag, size }: FinishedObject, expected: ExpectedObject): boolean {
  return expected.etag === undefined
    ? size === expected.size && etag?.endsWith(`-${expected.parts}`) === true
    : etag === expected.etag;
}

/** The version an answer names. Services without versions, and those where they are suspended, call the only one `null`. */
export function versionOf({ VersionId: version }: { readonly VersionId?: string | undefined }): string | undefined {
  return version === 'null' || version === '' ? undefined : version;
}
