import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { crc32c } from '../../../checksum/crc32c.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Bucket, BucketTraits, CallOptions, ListOptions, ObjectEntry, ReadOptions, Upload } from '../../bucket.ts';
import { mayBeBeyondEnd } from '../../http/beyond-end.ts';
import { bodyLength } from '../../http/body-length.ts';
import { checkRangeAnswer } from '../../http/check-range-answer.ts';
import { checkWholeAnswer } from '../../http/check-whole-answer.ts';
import { ListingCheck } from '../../http/listing-check.ts';
import type { BodyChecksum, RawBody } from '../../http/object-body.ts';
import { PageTokens } from '../../http/page-tokens.ts';
import { directNetwork, type StoreNetwork } from '../../http/store-network.ts';
import { defaultTimeouts, type RequestTimeouts, type StoreTask } from '../../http/store-requests.ts';
import type { Leftover } from '../../leftover.ts';
import { notFoundMeansGone, StoreError } from '../../store-error.ts';
import { GcsClient, publicEndpoint } from './gcs-client.ts';
import { isRangeBeyondEnd } from './gcs-error.ts';
import { gcsLeftovers } from './gcs-leftovers.ts';
import { type GcsObject, parseCrc32c, parseObject, resourceFields } from './gcs-object.ts';
import { GcsRequests } from './gcs-requests.ts';
import { GcsTransport } from './gcs-transport.ts';
import { GcsUpload } from './gcs-upload.ts';
import type { Authorizer } from './google-authorizer.ts';

/** Which bucket of Google Cloud Storage is opened, and how. */
export interface GcsConfig {
  readonly container: string;
  readonly authorizer: Authorizer;
  /** URL of the service; the public one unless given. */
  readonly endpoint?: string | undefined;
  readonly network?: StoreNetwork;
  readonly clock: Clock;
  readonly timeouts?: RequestTimeouts | undefined;
}

/** The most the service puts on one page of a listing. */
const pageSize = 1000;

/** A bucket of Google Cloud Storage. */
export class GcsBucket implements Bucket {
  /** One request composes at most 32 components; the Go program leaves one of them out. */
  readonly traits: BucketTraits = {
    maxParts: 31,
    minPartSize: 0,
    partsAreData: false,
    partDigests: ['crc32c'],
    listsByFolder: true,
  };
  readonly location: string;
  readonly #name: string;
  readonly #requests: GcsRequests;
  readonly #transport: GcsTransport;

  constructor(config: GcsConfig) {
    const { container, authorizer, endpoint = publicEndpoint, clock, timeouts = defaultTimeouts } = config;
    this.#name = container;
    this.location = `gs://${container}`;
    this.#transport = new GcsTransport(authorizer, config.network ?? directNetwork);
    const client = new GcsClient({ bucket: container, endpoint, transport: this.#transport });
    this.#requests = new GcsRequests(client, { location: this.location, clock, timeouts });
  }

  async *list(prefix: string, options: ListOptions): AsyncIterable<ObjectEntry> {
    for await (const { entry } of this.#objects(prefix, options)) {
      yield entry;
    }
  }

  leftovers(prefix: string, options: CallOptions): AsyncIterable<Leftover> {
    return gcsLeftovers({ requests: this.#requests, list: (...asked) => this.#objects(...asked) }, prefix, options);
  }

  async *#objects(prefix: string, { signal, onDoubt }: ListOptions): AsyncGenerator<GcsObject, void, undefined> {
    const tokens = new PageTokens({ action: 'list', object: this.location });
    const asked = new ListingCheck({ bucket: this.#name, prefix }, this.location);
    let pageToken: string | undefined;
    do {
      const page = await this.#page(prefix, pageToken, signal);
      const objects = page.items.map(parseObject);
      const token = page.nextPageToken;
      asked.page({ keys: objects.map(({ entry }) => entry.key), isTruncated: token !== undefined });
      yield* objects.filter(({ entry }) => entry.key.startsWith(prefix));
      pageToken = tokens.next({ more: token !== undefined, token });
    } while (pageToken !== undefined);
    if (asked.doubt !== undefined) {
      onDoubt?.(asked.doubt);
    }
  }

  async *folders(folder: string, { signal }: CallOptions): AsyncIterable<string> {
    const task = { action: 'list the folders in', object: this.location, signal, retry: 'safe' } as const;
    const tokens = new PageTokens(task);
    let pageToken: string | undefined;
    do {
      const at = pageToken;
      const asked = this.#requests.run(task, async (abortSignal) => {
        const query = { ...pageQuery(folder, at), delimiter: '/', fields: 'kind,prefixes,nextPageToken' };
        const [, next, answer] = await this.#requests.client.bucket(abortSignal).getFiles(query);
        return { prefixes: prefixesOf(answer), next: next?.pageToken };
      });
      const { prefixes, next } = await asked.catch(notFoundMeansGone(task));
      yield* prefixes.filter((name) => name.startsWith(folder) && name.length > folder.length);
      pageToken = tokens.next({ more: next !== undefined, token: next });
    } while (pageToken !== undefined);
  }

  async #page(
    prefix: string,
    pageToken: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly items: readonly unknown[]; readonly nextPageToken: string | undefined }> {
    const task = { action: 'list', object: this.location, signal, retry: 'safe' } as const;
    const page = this.#requests.run(task, async (abortSignal) => {
      const query = { ...pageQuery(prefix, pageToken), fields: `kind,items(${resourceFields}),nextPageToken` };
      const [items, next] = await this.#requests.client.bucket(abortSignal).getFiles(query);
      return { items, nextPageToken: next?.pageToken };
    });
    return await page.catch(notFoundMeansGone(task));
  }

  async read(key: string, options: ReadOptions): Promise<Readable> {
    const { signal, range } = options;
    if (range !== undefined && range.end <= range.start) {
      return Readable.from([], { objectMode: false });
    }
    const task = this.#requests.task('read', key, { signal, retry: 'safe' });
    try {
      return await this.#requests.stream(task, (abortSignal) => this.#download(key, options, task, abortSignal));
    } catch (error) {
      if (mayBeBeyondEnd(options) && isRangeBeyondEnd(error)) {
        return Readable.from([], { objectMode: false });
      }
      throw error;
    }
  }

  async #download(
    key: string,
    { range, size, tag }: ReadOptions,
    task: StoreTask,
    abortSignal: AbortSignal,
  ): Promise<RawBody> {
    const stream = this.#requests.client
      .bucket(abortSignal)
      .file(key)
      .createReadStream({
        validation: false,
        decompress: false,
        ...(range === undefined ? {} : { start: range.start, end: range.end - 1 }),
      });
    // The request is sent when somebody reads.
    stream.read(0);
    const [{ headers, statusCode }] = (await once(stream, 'response')) as [
      { readonly headers: IncomingHttpHeaders; readonly statusCode: number },
    ];
    if (statusCode !== (range === undefined ? 200 : 206)) {
      stream.destroy();
      throw new StoreError('invalid', {
        ...task,
        found: `the store answered ${statusCode} without what was asked for`,
      });
    }
    if (range !== undefined) {
      const generation = headers['x-goog-generation'];
      const answer = {
        contentRange: headers['content-range'],
        length: bodyLength(headers),
        tag: typeof generation === 'string' ? generation : headers.etag,
      };
      return { stream, length: checkRangeAnswer(answer, { range, size, tag }, { stream }, task) };
    }
    const length = bodyLength(headers) ?? (await this.#requests.stat(key, abortSignal))?.entry.size;
    if (length === undefined) {
      stream.destroy();
      throw new StoreError('invalid', { ...task, found: 'the store does not say how long the object is' });
    }
    checkWholeAnswer({ encoding: headers['content-encoding'], length }, { size }, { stream }, task);
    return { stream, length, checksum: expectedCrc(headers) };
  }

  async beginUpload(key: string, { signal }: CallOptions & { readonly partSize: number }): Promise<Upload> {
    signal.throwIfAborted();
    return new GcsUpload(this.#requests, key);
  }

  async delete(key: string, { signal }: CallOptions): Promise<void> {
    // Components that garbage collection has not removed yet would be left without their object.
    for await (const component of this.list(`${key}/`, { signal })) {
      if (/^\/\d{10}$/.test(component.key.slice(key.length))) {
        await this.#requests.delete(component.key, { signal });
      }
    }
    await this.#requests.delete(key, { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#transport.close();
  }
}

function expectedCrc(headers: IncomingHttpHeaders): BodyChecksum | undefined {
  const written = headers['x-goog-hash'];
  const found = /crc32c=([A-Za-z0-9+/]+=*)/.exec(Array.isArray(written) ? written.join(',') : (written ?? ''));
  const stored = parseCrc32c(found?.[1]);
  if (stored === undefined) {
    return undefined;
  }
  let crc = 0;
  return {
    update: (bytes) => {
      crc = crc32c(crc, bytes);
    },
    matches: () => crc === stored,
  };
}

/** What all pages of a listing are asked with. */
function pageQuery(prefix: string, pageToken: string | undefined) {
  return {
    autoPaginate: false,
    maxResults: pageSize,
    ...(prefix === '' ? {} : { prefix }),
    ...(pageToken === undefined ? {} : { pageToken }),
  };
}

function prefixesOf(answer: unknown): readonly string[] {
  const found: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'prefixes') : undefined;
  return Array.isArray(found) ? found.filter((each) => typeof each === 'string') : [];
}
