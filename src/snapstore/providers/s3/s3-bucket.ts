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
  ListOptions,
  ObjectEntry,
  ReadOptions,
  Upload,
  VersionOptions,
} from '../../bucket.ts';
import { mayBeBeyondEnd } from '../../http/beyond-end.ts';
import { checkRangeAnswer } from '../../http/check-range-answer.ts';
import { checkWholeAnswer } from '../../http/check-whole-answer.ts';
import type { RawBody } from '../../http/object-body.ts';
import { directNetwork, type StoreNetwork } from '../../http/store-network.ts';
import { defaultTimeouts, type RequestTimeouts, StoreRequests, type StoreTask } from '../../http/store-requests.ts';
import type { Leftover } from '../../leftover.ts';
import { StoreError } from '../../store-error.ts';
import type { PartDigest } from '../../upload/part-digests.ts';
import { withChecksumHint } from './checksum-hint.ts';
import { PartEtags } from './part-etags.ts';
import { removeVersions } from './remove-versions.ts';
import { createS3Client } from './s3-client.ts';
import { isForeign, s3Error, s3ErrorCode } from './s3-error.ts';
import { s3Folders } from './s3-folders.ts';
import { s3Leftovers } from './s3-leftovers.ts';
import { listS3, s3Pages } from './s3-listing.ts';
import type { S3Place } from './s3-place.ts';
import type { S3Settings } from './s3-settings.ts';
import { S3Upload } from './s3-upload.ts';
import { SharedAnswer } from './shared-answer.ts';

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
    }: { readonly clock: Clock; readonly network?: StoreNetwork; readonly timeouts?: RequestTimeouts | undefined },
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
      listsByFolder: true,
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
      requests: new StoreRequests({
        clock,
        timeouts,
        translate: (error, task) => withChecksumHint(s3Error(error, task), task, settings),
      }),
      bucket: settings.bucket,
      location: this.location,
      asked: { versioning: new SharedAnswer(), retention: new SharedAnswer() },
      lately: {},
    };
  }

  list(prefix: string, options: ListOptions): AsyncIterable<ObjectEntry> {
    return listS3(this.#place, prefix, options);
  }

  pages(prefix: string, options: ListOptions): AsyncIterable<readonly ObjectEntry[]> {
    return s3Pages(this.#place, prefix, options);
  }

  folders(folder: string, options: CallOptions): AsyncIterable<string> {
    return s3Folders(this.#place, folder, options);
  }

  async read(key: string, options: ReadOptions): Promise<Readable> {
    const { signal, range, versionId } = options;
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
        const answer = await client.send(new GetObjectCommand(input), { abortSignal });
        if (range !== undefined) {
          const { ContentRange: contentRange, ContentLength: length, ETag: tag } = answer;
          const body = rawBody(answer.Body, length ?? 0, task);
          return {
            ...body,
            length: checkRangeAnswer(
              { contentRange, length, tag },
              { range, size: options.size, tag: options.tag },
              body,
              task,
            ),
          };
        }
        const { ContentRange: contentRange, ContentEncoding: encoding } = answer;
        const length = answer.ContentLength ?? (await this.#lengthOf(key, { ...options, signal: abortSignal }));
        const body = rawBody(answer.Body, length, task);
        checkWholeAnswer({ contentRange, encoding, length }, options, body, task);
        return body;
      });
    } catch (error) {
      // A range that begins beyond the end is empty.
      if (mayBeBeyondEnd(options) && s3ErrorCode(error) === 'InvalidRange') {
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
    // A retry might begin a second upload, and the first would never be aborted.
    const task = { ...this.#task('begin the upload of', key, signal), retry: 'never' } as const;
    const { UploadId: uploadId } = await requests.run(task, (abortSignal) =>
      client.send(new CreateMultipartUploadCommand(input), { abortSignal }),
    );
    if (uploadId === undefined || uploadId === '') {
      throw new StoreError('invalid', {
        ...task,
        found: 'the store gave no id for it',
        remedy: 'check that the endpoint is that of an S3 service with multipart uploads',
      });
    }
    return new S3Upload(this.#place, { key, uploadId, sse, checksums, etags: this.#etags });
  }

  leftovers(prefix: string, options: CallOptions): AsyncIterable<Leftover> {
    return s3Leftovers(this.#place, prefix, options);
  }

  async delete(key: string, { signal, versionId }: VersionOptions): Promise<void> {
    const { client, requests } = this.#place;
    const task = this.#task('delete', key, signal);
    // The service says nothing about objects that were not there, and too little about locked ones. An account that may
    // delete need not be allowed to look.
    const before = await this.#head(task, key, versionId).catch(unlessLookRefused);
    try {
      const { DeleteMarker: marked } = await requests.run(task, (abortSignal) =>
        client.send(new DeleteObjectCommand(this.#addressed(key, versionId)), { abortSignal }),
      );
      if (versionId === undefined && marked === true) {
        await removeVersions(this.#place, key, task);
      }
    } catch (error) {
      const locked = before === undefined ? undefined : lockOf(before, requests.clock.now());
      // Services refuse with several codes.
      if (error instanceof StoreError && locked !== undefined && MAY_MEAN_LOCKED.has(error.kind)) {
        throw new StoreError('immutable', { ...task, found: locked, cause: error });
      }
      throw error;
    }
  }

  /** Finds region and credentials, where that is up to the SDK. Throws its own errors. */
  async findIdentity(): Promise<void> {
    const { region, credentials } = this.#place.client.config;
    await region();
    await credentials();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#place.client.destroy();
    return Promise.resolve();
  }

  /** How long a body is whose answer does not say it, as services that send bodies in pieces do. Undefined where neither HEAD nor a listing says it. */
  async #lengthOf(key: string, { signal, versionId, size: listed }: ReadOptions): Promise<number | undefined> {
    const { ContentLength: size = listed } = await this.#head(this.#task('look at', key, signal), key, versionId);
    return size;
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

/** For a question that only explains a refusal: services do not know every version they name, and not every account may ask. */
function unlessLookRefused(error: unknown): undefined {
  if (error instanceof StoreError && (error.kind === 'denied' || (error.kind === 'invalid' && !isForeign(error)))) {
    return undefined;
  }
  throw error;
}

function rawBody(body: unknown, length: number | undefined, task: StoreTask): RawBody {
  if (!(body instanceof Readable)) {
    throw new StoreError('invalid', { ...task, found: 'the store answered without a body' });
  }
  if (length === undefined) {
    body.destroy();
    throw new StoreError('invalid', { ...task, found: 'the store says nowhere how long the object is' });
  }
  return { stream: body, length };
}

/** The kinds of refusals that a locked object may be the reason of. */
const MAY_MEAN_LOCKED: ReadonlySet<string> = new Set(['denied', 'invalid', 'immutable']);

/** How an object is locked, for a message; undefined when it is not. */
function lockOf(facts: HeadObjectCommandOutput, now: number): string | undefined {
  const until = facts.ObjectLockRetainUntilDate;
  if (until !== undefined && until.getTime() > now) {
    return `it is locked until ${until.toISOString()}`;
  }
  return facts.ObjectLockLegalHoldStatus === 'ON' ? 'it is under a legal hold' : undefined;
}
