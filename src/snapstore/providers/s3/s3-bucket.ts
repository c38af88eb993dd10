import { Readable } from 'node:stream';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import type { Clock } from '../../../runtime/clock.ts';
import type {
  Bucket,
  BucketTraits,
  CallOptions,
  ObjectEntry,
  ReadOptions,
  Upload,
  VersionOptions,
} from '../../bucket.ts';
import type { RawBody } from '../../http/object-body.ts';
import { directNetwork, type StoreNetwork } from '../../http/store-network.ts';
import { defaultTimeouts, type RequestTimeouts, StoreRequests, type StoreTask } from '../../http/store-requests.ts';
import { StoreError, whenDenied } from '../../store-error.ts';
import type { PartDigest } from '../../upload/part-digests.ts';
import { PartEtags } from './part-etags.ts';
import { createS3Client } from './s3-client.ts';
import { s3Error, s3ErrorCode } from './s3-error.ts';
import { listS3, type S3Place } from './s3-listing.ts';
import type { S3Settings } from './s3-settings.ts';
import { S3Upload } from './s3-upload.ts';

/** A bucket of S3 or of a service that speaks its protocol, versioned and locked buckets included. */
export class S3Bucket implements Bucket {
  readonly traits: BucketTraits;
  readonly location: string;
  readonly #settings: S3Settings;
  readonly #place: S3Place;
  readonly #etags: PartEtags;

  constructor(
    settings: S3Settings,
    {
      clock,
      network = directNetwork,
      timeouts = defaultTimeouts,
    }: { readonly clock: Clock; readonly network?: StoreNetwork; readonly timeouts?: RequestTimeouts },
  ) {
    this.#settings = settings;
    const { requestChecksums, sse } = settings;
    const etags = new PartEtags({ encrypted: sse !== undefined });
    this.#etags = etags;
    this.traits = {
      // One less than the service takes.
      maxParts: 9999,
      minPartSize: 5 * 1024 * 1024,
      partsAreData: false,
      // Where a part is sent without its CRC-32C, its ETag is compared.
      get partDigests(): readonly PartDigest[] {
        const compared: PartDigest = requestChecksums === 'when_required' ? 'md5' : 'crc32c';
        return compared === 'md5' && !etags.areMd5 ? ['sha256'] : ['sha256', compared];
      },
    };
    this.location =
      settings.endpoint === undefined ? `s3://${settings.bucket}` : `${settings.endpoint}/${settings.bucket}`;
    this.#place = {
      client: createS3Client(settings, { clock, network }),
      requests: new StoreRequests({ clock, timeouts, translate: s3Error }),
      bucket: settings.bucket,
      location: this.location,
    };
  }

  list(prefix: string, { signal }: CallOptions): AsyncIterable<ObjectEntry> {
    return listS3(this.#place, prefix, signal);
  }

  async read(key: string, { signal, range, versionId }: ReadOptions): Promise<Readable> {
    const { client, requests } = this.#place;
    const task = this.#task('read', key, signal);
    if (range !== undefined && range.start >= range.end) {
      await this.#head(task, key, versionId);
      return Readable.from([]);
    }
    const bytes = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` };
    const input = { ...this.#addressed(key, versionId), ...this.#settings.sse, ...bytes };
    try {
      return await requests.stream(task, async (abortSignal) => {
        const { Body: body, ContentLength: length } = await client.send(new GetObjectCommand(input), { abortSignal });
        return rawBody(body, length, task);
      });
    } catch (error) {
      // A range that begins beyond the end is empty.
      if (range !== undefined && s3ErrorCode(error) === 'InvalidRange') {
        return Readable.from([]);
      }
      throw error;
    }
  }

  async beginUpload(key: string, { signal }: CallOptions): Promise<Upload> {
    const { client, requests, bucket } = this.#place;
    const { sse, requestChecksums: checksums } = this.#settings;
    const input = {
      Bucket: bucket,
      Key: key,
      ...(checksums === 'when_supported' && { ChecksumAlgorithm: 'CRC32C' as const }),
      ...sse,
    };
    // A retry might begin a second upload, and nobody would abort the first.
    const task = { ...this.#task('begin the upload of', key, signal), retry: 'never' } as const;
    const { UploadId: uploadId } = await requests.run(task, (abortSignal) =>
      client.send(new CreateMultipartUploadCommand(input), { abortSignal }),
    );
    if (uploadId === undefined) {
      throw new StoreError('invalid', { ...task, found: 'the store gave no id for it' });
    }
    return new S3Upload(this.#place, { key, uploadId, sse, checksums, etags: this.#etags });
  }

  async delete(key: string, { signal, versionId }: VersionOptions): Promise<void> {
    const { client, requests } = this.#place;
    const task = this.#task('delete', key, signal);
    // The service says nothing about objects that were not there, and too little about locked ones. An account that may
    // delete need not be allowed to look.
    const before = await this.#head(task, key, versionId).catch(whenDenied(undefined));
    try {
      await requests.run(task, (abortSignal) =>
        client.send(new DeleteObjectCommand(this.#addressed(key, versionId)), { abortSignal }),
      );
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'denied' && before && isLocked(before, requests.clock.now())) {
        const until = before.ObjectLockRetainUntilDate?.toISOString();
        const found = until === undefined ? 'it is under a legal hold' : `it is locked until ${until}`;
        throw new StoreError('immutable', { ...task, found, cause: error });
      }
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#place.client.destroy();
    return Promise.resolve();
  }

  async #head(task: StoreTask, key: string, versionId: string | undefined): Promise<HeadObjectCommandOutput> {
    const { client, requests } = this.#place;
    const input = { ...this.#addressed(key, versionId), ...this.#settings.sse };
    return await requests.run(task, (abortSignal) => client.send(new HeadObjectCommand(input), { abortSignal }));
  }

  #addressed(key: string, versionId: string | undefined) {
    return { Bucket: this.#place.bucket, Key: key, ...(versionId !== undefined && { VersionId: versionId }) };
  }

  #task(action: string, key: string, signal: AbortSignal): StoreTask {
    return { action, object: `${this.location}/${key}`, signal, retry: 'safe' };
  }
}

function rawBody(body: unknown, length: number | undefined, task: StoreTask): RawBody {
  if (!(body instanceof Readable) || length === undefined) {
    throw new StoreError('invalid', { ...task, found: 'the store answered without a body or its length' });
  }
  return { stream: body, length };
}

function isLocked(facts: HeadObjectCommandOutput, now: number): boolean {
  const held = facts.ObjectLockLegalHoldStatus === 'ON';
  return held || (facts.ObjectLockRetainUntilDate?.getTime() ?? 0) > now;
}
