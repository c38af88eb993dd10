import { Readable } from 'node:stream';
import { RunningCrc64 } from '../../../checksum/crc64.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Bucket, BucketTraits, CallOptions, ListOptions, ObjectEntry, ReadOptions, Upload } from '../../bucket.ts';
import type { AlicloudCredentials } from '../../credentials/alicloud.ts';
import { mayBeBeyondEnd } from '../../http/beyond-end.ts';
import { bodyLength } from '../../http/body-length.ts';
import { checkRangeAnswer } from '../../http/check-range-answer.ts';
import { checkWholeAnswer } from '../../http/check-whole-answer.ts';
import { listedTime } from '../../http/listed-time.ts';
import { ListingCheck } from '../../http/listing-check.ts';
import type { BodyChecksum, RawBody } from '../../http/object-body.ts';
import { PageTokens } from '../../http/page-tokens.ts';
import { directNetwork, type StoreNetwork } from '../../http/store-network.ts';
import { defaultTimeouts, type RequestTimeouts, type StoreTask } from '../../http/store-requests.ts';
import type { Leftover } from '../../leftover.ts';
import { notFoundMeansGone, StoreError, whenDenied } from '../../store-error.ts';
import { createOssClient, type OssCallOptions, type OssHeaders, type OssPage } from './oss-client.ts';
import { ossErrorCode } from './oss-error.ts';
import { ossLeftovers } from './oss-leftovers.ts';
import { OssRequests } from './oss-requests.ts';
import { OssTransport } from './oss-transport.ts';
import { OssUpload } from './oss-upload.ts';

/** Which bucket of Alibaba Cloud OSS is opened, and how. */
export interface OssConfig {
  readonly container: string;
  readonly credentials: AlicloudCredentials;
  /** URL of the service. */
  readonly endpoint: string;
  readonly network?: StoreNetwork;
  readonly clock: Clock;
  readonly timeouts?: RequestTimeouts | undefined;
}

/** The smallest part that is not the last. */
const minPartSize = 100 * 1024;

/** A bucket of Alibaba Cloud OSS. */
export class OssBucket implements Bucket {
  /** An upload has at most 10,000 parts; the Go program leaves one of them out. */
  readonly traits: BucketTraits = {
    maxParts: 9999,
    minPartSize,
    partsAreData: false,
    partDigests: ['crc64', 'md5'],
    listsByFolder: true,
  };
  readonly location: string;
  readonly #name: string;
  readonly #requests: OssRequests;
  readonly #transport: OssTransport;

  /** Connects to nothing yet. Throws an `invalid` {@link StoreError} for a name no bucket can have. */
  constructor(config: OssConfig) {
    const { container, credentials, endpoint, clock, timeouts = defaultTimeouts } = config;
    this.#name = container;
    this.location = `oss://${container}`;
    this.#transport = new OssTransport(config.network ?? directNetwork);
    const client = createOssClient({ bucket: container, endpoint, credentials, transport: this.#transport });
    this.#requests = new OssRequests(client, { clock, timeouts });
  }

  async *list(prefix: string, { signal, onDoubt }: ListOptions): AsyncIterable<ObjectEntry> {
    const retentionMs = await this.#retentionMs(signal);
    const tokens = new PageTokens({ action: 'list', object: this.location });
    const asked = new ListingCheck({ bucket: this.#name, prefix }, this.location);
    let token: string | undefined;
    do {
      const page = await this.#page({ prefix }, token, signal);
      const entries = page.objects.map((listed) => this.#entryOf(listed, retentionMs));
      asked.page({ keys: entries.map(({ key }) => key), announced: page.keyCount, isTruncated: page.isTruncated });
      yield* entries.filter(({ key }) => key.startsWith(prefix));
      token = tokens.next({ more: page.isTruncated, token: page.nextContinuationToken ?? undefined });
    } while (token !== undefined);
    if (asked.doubt !== undefined) {
      onDoubt?.(asked.doubt);
    }
  }

  #entryOf({ name, size, lastModified }: OssPage['objects'][number], retentionMs: number | undefined): ObjectEntry {
    if (name === undefined) {
      throw new StoreError('invalid', {
        action: 'list',
        object: this.location,
        found: 'an object is listed without its name',
      });
    }
    const modifiedAt = listedTime(Date.parse(lastModified), this.#requests.clock);
    return {
      key: decodeName(name),
      size,
      modifiedAt,
      ...(retentionMs === undefined ? {} : { immutableUntil: modifiedAt + retentionMs }),
    };
  }

  async *folders(folder: string, { signal }: CallOptions): AsyncIterable<string> {
    const tokens = new PageTokens({ action: 'list the folders in', object: this.location });
    let token: string | undefined;
    do {
      const page = await this.#page({ prefix: folder, delimiter: '/' }, token, signal);
      const names = (page.prefixes ?? []).map(decodeName);
      yield* names.filter((name) => name.startsWith(folder) && name.length > folder.length);
      token = tokens.next({ more: page.isTruncated, token: page.nextContinuationToken ?? undefined });
    } while (token !== undefined);
  }

  leftovers(prefix: string, options: CallOptions): AsyncIterable<Leftover> {
    return ossLeftovers({ requests: this.#requests, location: this.location }, prefix, options);
  }

  async #page(
    { prefix, delimiter }: { readonly prefix: string; readonly delimiter?: string },
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<OssPage> {
    const { client } = this.#requests;
    const task = { action: 'list', object: this.location, signal, retry: 'safe' } as const;
    const page = this.#requests.run(task, (options) =>
      // The SDK changes the query it is given, and would sign an empty value in another way than it sends it.
      client.listV2(
        {
          'max-keys': 1000,
          'encoding-type': 'url',
          ...(prefix === '' ? {} : { prefix }),
          ...(delimiter === undefined ? {} : { delimiter }),
          ...(token === undefined ? {} : { 'continuation-token': token }),
        },
        options,
      ),
    );
    return await page.catch(notFoundMeansGone(task));
  }

  /** How long objects are protected after their last change, ms; undefined without a retention policy. */
  async #retentionMs(signal: AbortSignal): Promise<number | undefined> {
    const task = { action: 'read the retention policy of', object: this.location, signal, retry: 'safe' } as const;
    try {
      const worm = await this.#requests.run(task, (options) =>
        this.#requests.client.getBucketWorm(this.#name, options),
      );
      const inForce = worm.state === 'InProgress' || worm.state === 'Locked';
      return inForce ? Number(worm.days) * 86_400_000 : undefined;
    } catch (error) {
      // Keys that may use objects but not look at the bucket's policy are common; a refused deletion still shows it.
      const without = error instanceof StoreError && withoutPolicy.has(ossErrorCode(error));
      if (without) {
        return undefined;
      }
      return notFoundMeansGone(task)(error);
    }
  }

  async read(key: string, asked: ReadOptions): Promise<Readable> {
    const { signal, range } = asked;
    if (range !== undefined && range.end <= range.start) {
      return Readable.from([], { objectMode: false });
    }
    const task = { action: 'read', object: this.#object(key), signal, retry: 'safe' } as const;
    try {
      return await this.#requests.stream(task, (options) => this.#download(key, asked, task, options));
    } catch (error) {
      if (mayBeBeyondEnd(asked) && error instanceof StoreError && ossErrorCode(error) === 'InvalidRange') {
        // It begins at or after the object's end.
        return Readable.from([], { objectMode: false });
      }
      throw error;
    }
  }

  async #download(
    key: string,
    { range, size, tag }: ReadOptions,
    task: StoreTask,
    options: OssCallOptions,
  ): Promise<RawBody> {
    const headers: Record<string, string> =
      range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}`, 'x-oss-range-behavior': 'standard' };
    const { stream, res } = await this.#requests.client.getStream(key, { ...options, headers });
    if (res.status !== (range === undefined ? 200 : 206)) {
      stream.destroy();
      throw new StoreError('invalid', {
        ...task,
        found: `the store answered ${res.status} without what was asked for`,
      });
    }
    if (range !== undefined) {
      const { 'content-range': contentRange, etag } = res.headers;
      const answer = { contentRange, length: bodyLength(res.headers), tag: etag };
      return { stream, length: checkRangeAnswer(answer, { range, size, tag }, { stream }, task) };
    }
    const length =
      bodyLength(res.headers) ?? bodyLength((await this.#requests.client.head(key, options)).res.headers) ?? size;
    if (length === undefined) {
      stream.destroy();
      throw new StoreError('invalid', { ...task, found: 'the store does not say how long the object is' });
    }
    checkWholeAnswer({ encoding: res.headers['content-encoding'], length }, { size }, { stream }, task);
    return { stream, length, checksum: expectedCrc(res.headers) };
  }

  async beginUpload(key: string, { signal }: CallOptions & { readonly partSize: number }): Promise<Upload> {
    const object = this.#object(key);
    const { uploadId } = await this.#requests.run({ action: 'upload', object, signal, retry: 'safe' }, (options) =>
      this.#requests.client.initMultipartUpload(key, options),
    );
    return new OssUpload(this.#requests, { key, uploadId, object });
  }

  async delete(key: string, { signal }: CallOptions): Promise<void> {
    const task = { action: 'delete', object: this.#object(key), signal, retry: 'safe' } as const;
    // The service answers alike whether the object existed or not. An account that may delete need not be allowed to look.
    await this.#requests.run(task, (options) => this.#requests.client.head(key, options)).catch(whenDenied(undefined));
    await this.#requests.run(task, (options) => this.#requests.client.delete(key, options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#transport.close();
  }

  #object(key: string): string {
    return `${this.location}/${key}`;
  }
}

const withoutPolicy: ReadonlySet<string> = new Set(['NoSuchWORMConfiguration', 'AccessDenied', 'NotImplemented']);

function expectedCrc(headers: OssHeaders): BodyChecksum | undefined {
  const written = headers['x-oss-hash-crc64ecma'];
  if (written === undefined || !/^\d+$/.test(written)) {
    return undefined;
  }
  const crc = new RunningCrc64();
  return { update: (bytes) => void crc.update(bytes), matches: () => crc.value() === BigInt(written) };
}

/** Undoes `encoding-type=url`, which keeps names whole that XML could not hold. */
function decodeName(name: string): string {
  return decodeURIComponent(name.replaceAll('+', '%20'));
}
