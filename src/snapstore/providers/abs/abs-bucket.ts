import { Readable } from 'node:stream';
import {
  type BlobDownloadResponseParsed,
  type BlobItem,
  BlobServiceClient,
  type ContainerClient,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import type { Bucket, BucketTraits, CallOptions, ObjectEntry, Upload } from '../../bucket.ts';
import type { AzureCredentials } from '../../credentials/azure.ts';
import { openBody, type RawBody } from '../../object-body.ts';
import { callStore, partDeadlineMs, requestDeadlineMs, type StoreCall, stallDeadlineMs } from '../../store-call.ts';
import { StoreError } from '../../store-error.ts';
import { absError } from './abs-error.ts';
import { AbsUpload } from './abs-upload.ts';

/** How long requests may take, ms; tests shorten them. */
export interface AbsDeadlines {
  readonly requestMs: number;
  readonly partMs: number;
  readonly stallMs: number;
}

/** Where an Azure container is and who asks for it. */
export interface AbsConfig {
  readonly container: string;
  readonly credentials: AzureCredentials;
  /** Replaces `https://ACCOUNT.DOMAIN`; the container's name is appended to it. */
  readonly endpoint: string | undefined;
  readonly deadlines?: AbsDeadlines;
}

/** The tag that keeps a snapshot out of restores. */
const excludeTag = 'x-etcd-snapshot-exclude';

/** The most the service puts on one page of a listing. */
const pageSize = 5_000;

/** A container of Azure Blob Storage, reached with the account's shared key. */
export class AbsBucket implements Bucket {
  /** A block blob has at most 50,000 blocks. */
  readonly traits: BucketTraits = { maxParts: 50_000, minPartSize: 0, partsAreData: false };
  readonly location: string;
  readonly #container: ContainerClient;
  readonly #deadlines: AbsDeadlines;

  constructor({ container, credentials, endpoint, deadlines }: AbsConfig) {
    const { storageAccount, storageKey, domain } = credentials;
    const service = new BlobServiceClient(
      endpoint ?? `https://${storageAccount}.${domain}`,
      new StorageSharedKeyCredential(storageAccount, storageKey),
      // Three tries at once, after half and after one and a half seconds, all within the request's deadline.
      { retryOptions: { maxTries: 3, retryDelayInMs: 500, maxRetryDelayInMs: 2_000 } },
    );
    this.#container = service.getContainerClient(container);
    this.location = this.#container.url;
    this.#deadlines = deadlines ?? {
      requestMs: requestDeadlineMs,
      partMs: partDeadlineMs,
      stallMs: stallDeadlineMs,
    };
  }

  async *list(prefix: string, { signal }: CallOptions): AsyncIterable<ObjectEntry> {
    let continuationToken = '';
    do {
      const { blobs, next } = await callStore(this.#call('list', this.location, signal), async (abortSignal) => {
        const pages = this.#container
          .listBlobsFlat({ prefix, includeTags: true, includeImmutabilityPolicy: true, abortSignal })
          .byPage({ maxPageSize: pageSize, ...(continuationToken !== '' && { continuationToken }) });
        const { value } = await pages.next();
        return { blobs: value?.segment.blobItems ?? [], next: value?.continuationToken ?? '' };
      });
      yield* blobs.map(entryOf);
      continuationToken = next;
    } while (continuationToken !== '');
  }

  async read(
    key: string,
    { signal, range }: CallOptions & { readonly range?: { readonly start: number; readonly end: number } },
  ): Promise<Readable> {
    const blob = this.#container.getBlobClient(key);
    return await openBody({
      ...this.#call('read', blob.url, signal),
      stallMs: this.#deadlines.stallMs,
      open: async (abortSignal) => {
        const length = range === undefined ? undefined : range.end - range.start;
        const response = await blob.download(range?.start ?? 0, length, { abortSignal, maxRetryRequests: 3 });
        return bodyOf(response, blob.url);
      },
    });
  }

  async beginUpload(key: string, { signal }: CallOptions & { readonly partSize: number }): Promise<Upload> {
    signal.throwIfAborted();
    return new AbsUpload({ blob: this.#container.getBlockBlobClient(key), key, ...this.#deadlines });
  }

  async delete(key: string, { signal }: CallOptions): Promise<void> {
    const blob = this.#container.getBlobClient(key);
    await callStore(this.#call('delete', blob.url, signal), async (abortSignal) => {
      await blob.delete({ deleteSnapshots: 'include', abortSignal });
    });
  }

  async close(): Promise<void> {
    // The SDK's connections are idle between requests and do not keep the process alive.
  }

  #call(action: string, object: string, signal: AbortSignal): StoreCall {
    return {
      signal,
      deadlineMs: this.#deadlines.requestMs,
      translate: (error) => absError(error, { action, object }),
    };
  }
}

function entryOf(blob: BlobItem): ObjectEntry {
  const { contentLength, lastModified, immutabilityPolicyExpiresOn } = blob.properties;
  return {
    key: blob.name,
    size: contentLength ?? 0,
    modifiedAt: lastModified.getTime(),
    ...(immutabilityPolicyExpiresOn !== undefined && { immutableUntil: immutabilityPolicyExpiresOn.getTime() }),
    ...(blob.tags?.[excludeTag] === 'true' && { excluded: true }),
  };
}

function bodyOf({ readableStreamBody, contentLength }: BlobDownloadResponseParsed, object: string): RawBody {
  if (!(readableStreamBody instanceof Readable) || contentLength === undefined) {
    throw new StoreError('invalid', {
      action: 'read',
      object,
      found: 'the store answered without a body or its length',
    });
  }
  return { stream: readableStreamBody, length: contentLength };
}
