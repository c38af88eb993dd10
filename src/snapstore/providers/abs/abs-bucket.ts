import { Readable } from 'node:stream';
import {
  type BlobDownloadResponseParsed,
  type BlobItem,
  type BlobPrefix,
  BlobServiceClient,
  type ContainerClient,
  newPipeline,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import type { Clock } from '../../../runtime/clock.ts';
import type { Bucket, BucketTraits, CallOptions, ListOptions, ObjectEntry, ReadOptions, Upload } from '../../bucket.ts';
import type { AzureCredentials } from '../../credentials/azure.ts';
import { mayBeBeyondEnd } from '../../http/beyond-end.ts';
import { checkRangeAnswer } from '../../http/check-range-answer.ts';
import { checkWholeAnswer } from '../../http/check-whole-answer.ts';
import { listedTime } from '../../http/listed-time.ts';
import { ListingCheck, type PageFacts } from '../../http/listing-check.ts';
import type { RawBody } from '../../http/object-body.ts';
import { PageTokens } from '../../http/page-tokens.ts';
import { directNetwork, type StoreNetwork } from '../../http/store-network.ts';
import { defaultTimeouts, type RequestTimeouts, StoreRequests } from '../../http/store-requests.ts';
import { StoreError } from '../../store-error.ts';
import { guardedAnswers } from './abs-answer-guard.ts';
import { absError, isForeign, isRangeBeyondEnd, unlessGone } from './abs-error.ts';
import { AbsTransport } from './abs-transport.ts';
import { AbsUpload } from './abs-upload.ts';

/** Which Azure container is opened, and how. */
export interface AbsConfig {
  readonly container: string;
  readonly credentials: AzureCredentials;
  /** Replaces `https://ACCOUNT.DOMAIN`; the container's name is appended to it. */
  readonly endpoint: string | undefined;
  readonly network?: StoreNetwork;
  readonly clock: Clock;
  readonly timeouts?: RequestTimeouts | undefined;
  /** Blobs on one page of a listing; by default as many as the service puts there. */
  readonly pageSize?: number;
}

/** The tag that keeps a snapshot out of restores. */
const excludeTag = 'x-etcd-snapshot-exclude';

/** The most the service puts on one page of a listing. */
const largestPage = 5_000;

/** A container of Azure Blob Storage, reached with the account's shared key. */
export class AbsBucket implements Bucket {
  /** A block blob has at most 50,000 blocks. */
  readonly traits: BucketTraits = {
    maxParts: 50_000,
    minPartSize: 0,
    partsAreData: false,
    partDigests: ['md5'],
    listsByFolder: true,
  };
  readonly location: string;
  readonly #name: string;
  readonly #container: ContainerClient;
  readonly #requests: StoreRequests;
  readonly #pageSize: number;
  readonly #transport: AbsTransport;

  constructor(config: AbsConfig) {
    const { container, credentials, endpoint, clock, timeouts = defaultTimeouts, pageSize = largestPage } = config;
    this.#name = container;
    const { storageAccount, storageKey, domain } = credentials;
    this.#transport = new AbsTransport(config.network ?? directNetwork);
    // Retries are made by StoreRequests, since the SDK neither looks at Retry-After nor tries again after 429.
    const pipeline = newPipeline(new StorageSharedKeyCredential(storageAccount, storageKey), {
      retryOptions: { maxTries: 1 },
      httpClient: this.#transport,
    });
    pipeline.factories.push(guardedAnswers());
    const service = new BlobServiceClient(endpoint ?? `https://${storageAccount}.${domain}`, pipeline);
    this.#container = service.getContainerClient(container);
    this.location = this.#container.url;
    this.#requests = new StoreRequests({ clock, timeouts, translate: absError });
    this.#pageSize = pageSize;
  }

  async *list(prefix: string, { signal, onDoubt }: ListOptions): AsyncIterable<ObjectEntry> {
    const task = { action: 'list', object: this.location, signal, retry: 'safe' } as const;
    const tokens = new PageTokens(task);
    let continuationToken: string | undefined;
    let extras = true;
    const asked = new ListingCheck({ bucket: this.#name, prefix }, this.location);
    do {
      const pageOf = async (abortSignal: AbortSignal): Promise<BlobPage> => {
        const include = { includeTags: extras, includeImmutabilityPolicy: extras };
        const pages = this.#container
          .listBlobsFlat({ prefix, ...include, abortSignal })
          .byPage({ maxPageSize: this.#pageSize, ...(continuationToken !== undefined && { continuationToken }) });
        const { value } = await pages.next();
        const { segment, continuationToken: next, containerName, prefix: answered } = value ?? {};
        return { blobs: segment?.blobItems ?? [], next, bucket: nameIn(containerName), prefix: answered };
      };
      const page = await this.#requests.run(task, pageOf).catch(async (error: unknown) => {
        if (!extras || !mayBeForExtras(error)) {
          throw error;
        }
        extras = false;
        const plain = await this.#requests.run(task, pageOf);
        const reason = `${this.location} is listed without tags and immutability policies, which the service refuses`;
        onDoubt?.({ about: 'marks', reason });
        return plain;
      });
      const { blobs, next } = page;
      const entries = blobs.map((blob) => entryOf(blob, this.location, this.#requests.clock));
      const facts = { bucket: page.bucket, prefix: page.prefix, isTruncated: hasMore(next) };
      asked.page({ ...facts, most: this.#pageSize, keys: entries.map(({ key }) => key) });
      yield* entries.filter(({ key }) => key.startsWith(prefix));
      continuationToken = tokens.next({ more: hasMore(next) === true, token: next });
    } while (continuationToken !== undefined);
    if (asked.doubt !== undefined) {
      onDoubt?.(asked.doubt);
    }
  }

  async *folders(folder: string, { signal }: CallOptions): AsyncIterable<string> {
    const task = { action: 'list the folders in', object: this.location, signal, retry: 'safe' } as const;
    const tokens = new PageTokens(task);
    const asked = new ListingCheck({ bucket: this.#name, prefix: folder }, this.location);
    let continuationToken: string | undefined;
    do {
      const at = continuationToken;
      const page = await this.#requests.run(task, async (abortSignal): Promise<FolderPage> => {
        const pages = this.#container
          .listBlobsByHierarchy('/', { prefix: folder, abortSignal })
          .byPage({ maxPageSize: this.#pageSize, ...(at !== undefined && { continuationToken: at }) });
        const { value } = await pages.next();
        const { segment, continuationToken: next, containerName, prefix: answered } = value ?? {};
        const names = (segment?.blobPrefixes ?? []).map(({ name }: BlobPrefix) => name);
        const blobs = (segment?.blobItems ?? []).map(({ name }: BlobItem) => name);
        const facts = { bucket: nameIn(containerName), prefix: answered, isTruncated: hasMore(next) };
        return { names, next, facts: { ...facts, keys: [...names, ...blobs] } };
      });
      asked.page(page.facts);
      yield* page.names.filter((name) => isFolderIn(folder, name));
      const { next } = page;
      continuationToken = tokens.next({ more: hasMore(next) === true, token: next });
    } while (continuationToken !== undefined);
  }

  async read(key: string, { signal, range, size, tag }: ReadOptions): Promise<Readable> {
    if (range !== undefined && range.end <= range.start) {
      return Readable.from([], { objectMode: false });
    }
    const blob = this.#container.getBlobClient(key);
    const task = { action: 'read', object: blob.url, signal, retry: 'safe' } as const;
    try {
      return await this.#requests.stream(task, async (abortSignal) => {
        const length = range === undefined ? undefined : range.end - range.start;
        const send = (count: number | undefined) =>
          blob.download(range?.start ?? 0, count, { abortSignal, maxRetryRequests: 3 });
        const response = await send(length).catch(async (error: unknown) => {
          // An answer without its length; that of a range has a header with it.
          if (!(error instanceof RangeError) || length !== undefined) {
            throw error;
          }
          const { contentLength: whole = size } = await blob.getProperties({ abortSignal });
          return await send(whole);
        });
        const body = bodyOf(response, blob.url);
        const { contentRange, contentEncoding: encoding, etag } = response;
        if (range === undefined) {
          checkWholeAnswer({ contentRange, encoding, length: body.length }, { size }, body, task);
          return body;
        }
        const answer = { contentRange, length: body.length, tag: etag };
        return { ...body, length: checkRangeAnswer(answer, { range, size, tag }, body, task) };
      });
    } catch (error) {
      if (mayBeBeyondEnd({ range, size }) && isRangeBeyondEnd(error)) {
        return Readable.from([], { objectMode: false });
      }
      throw error;
    }
  }

  async beginUpload(key: string, { signal }: CallOptions & { readonly partSize: number }): Promise<Upload> {
    signal.throwIfAborted();
    return new AbsUpload({ blob: this.#container.getBlockBlobClient(key), key, requests: this.#requests });
  }

  async delete(key: string, { signal }: CallOptions): Promise<void> {
    const blob = this.#container.getBlobClient(key);
    const task = { action: 'delete', object: blob.url, signal, retry: 'safe' } as const;
    let tries = 0;
    await this.#requests.run(task, async (abortSignal) => {
      tries += 1;
      const deleting = blob.delete({ deleteSnapshots: 'include', abortSignal });
      // An earlier try may have succeeded although its response was lost.
      await (tries === 1 ? deleting : deleting.catch(unlessGone));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#transport.close();
  }
}

/**
 * Whether a listing may have been refused for what it asks of tags and policies: accounts with a hierarchical namespace have none,
 * and not every emulator and account knows or allows them.
 */
function mayBeForExtras(error: unknown): boolean {
  return error instanceof StoreError && !isForeign(error) && (error.kind === 'invalid' || error.kind === 'denied');
}

/** The name of a container as an answer has it: the service wrote the whole URL once. */
function nameIn(containerName: string | undefined): string | undefined {
  return containerName?.split('/').at(-1);
}

/** Whether more follows; an empty token is that of the last page. */
function hasMore(next: string | undefined): boolean | undefined {
  return next === undefined ? undefined : next !== '';
}

interface FolderPage {
  readonly facts: PageFacts;
  readonly names: readonly string[];
  readonly next: string | undefined;
}

/** The SDK's types promise what an answer may lack. */
function isFolderIn(folder: string, name: string | undefined): boolean {
  return name?.startsWith(folder) === true && name.length > folder.length;
}

interface BlobPage {
  /** As the answer names them. */
  readonly bucket: string | undefined;
  readonly prefix: string | undefined;
  readonly blobs: readonly BlobItem[];
  readonly next: string | undefined;
}

/** An entry without a name or a size must not count as an empty object. */
function entryOf(blob: BlobItem, location: string, clock: Clock): ObjectEntry {
  const { contentLength, lastModified, immutabilityPolicyExpiresOn } = blob.properties;
  // The SDK's types promise what an answer may lack.
  const name: string | undefined = blob.name;
  const until = immutabilityPolicyExpiresOn?.getTime() ?? Number.NaN;
  if (name === undefined || contentLength === undefined) {
    const found = `a blob is listed without its ${name === undefined ? 'name' : 'size'}`;
    throw new StoreError('invalid', { action: 'list', object: location, found });
  }
  return {
    key: name,
    size: contentLength,
    modifiedAt: listedTime((lastModified as Date | undefined)?.getTime(), clock),
    ...(Number.isFinite(until) && { immutableUntil: until }),
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
