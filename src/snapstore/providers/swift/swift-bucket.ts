import { Readable } from 'node:stream';
import type { Clock } from '../../../runtime/clock.ts';
import type { Bucket, BucketTraits, CallOptions, ListOptions, ObjectEntry, ReadOptions, Upload } from '../../bucket.ts';
import type { OpenStackCredentials } from '../../credentials/openstack.ts';
import { mayBeBeyondEnd } from '../../http/beyond-end.ts';
import { bodyLength } from '../../http/body-length.ts';
import { directNetwork, type StoreNetwork } from '../../http/store-network.ts';
import { defaultTimeouts, type RequestTimeouts } from '../../http/store-requests.ts';
import type { Leftover } from '../../leftover.ts';
import { ListedObjects } from '../../listed-objects.ts';
import { StoreError } from '../../store-error.ts';
import { KeystoneLogin } from './keystone-login.ts';
import { PkgcloudTransport } from './pkgcloud-transport.ts';
import { parseSegmentKey, uploadNumbers } from './segments.ts';
import { SwiftConnection } from './swift-connection.ts';
import { RangeBeyondEnd } from './swift-error.ts';
import { swiftLeftovers } from './swift-leftovers.ts';
import { notFoundMeans, SwiftUpload } from './swift-upload.ts';

/** Which Swift container is opened, and how. */
export interface SwiftConfig {
  readonly container: string;
  readonly credentials: OpenStackCredentials;
  readonly network?: StoreNetwork;
  readonly clock: Clock;
  readonly timeouts?: RequestTimeouts | undefined;
}

/** How many segments are deleted at once. */
const parallelDeletes = 8;

/** A container of OpenStack Swift. Objects are manifests over segments whose keys begin with theirs. */
export class SwiftBucket implements Bucket {
  /** Other programs write at most 999 segments, one less than the manifests of some installations may have. */
  readonly traits: BucketTraits = { maxParts: 999, minPartSize: 0, partsAreData: true, partDigests: ['md5'] };
  readonly location: string;
  readonly #connection: SwiftConnection;
  /** Numbers of the uploads that are under way, by key. */
  readonly #uploads = new Map<string, Set<number>>();

  constructor(config: SwiftConfig) {
    const { container, credentials, network = directNetwork, clock, timeouts = defaultTimeouts } = config;
    const keystone = new KeystoneLogin(credentials, { network, clock, timeouts });
    const transport = new PkgcloudTransport(network);
    this.#connection = new SwiftConnection({ container, keystone, transport, clock, timeouts });
    this.location = this.#connection.location;
  }

  /**
   * Listings show manifests as empty. Objects without bytes come last, with the size of the segments that were seen; where these are of
   * several uploads, the store is asked.
   */
  async *list(prefix: string, options: ListOptions): AsyncIterable<ObjectEntry> {
    const empty: ObjectEntry[] = [];
    const segments = new Map<string, { size: number; upload: number | 'several' }>();
    const held = new ListedObjects(`${this.location}/${prefix}`, options.most);
    for await (const { key, size, modifiedAt } of this.#connection.list(prefix, options)) {
      const segment = parseSegmentKey(key);
      held.add(segment !== undefined || size === 0 ? 1 : 0);
      if (segment !== undefined) {
        const { owner, upload } = segment;
        const seen = segments.get(owner) ?? { size: 0, upload };
        segments.set(owner, {
          size: seen.size + size,
          upload: seen.upload === upload ? upload : 'several',
        });
      }
      if (size > 0) {
        yield { key, size, modifiedAt };
      } else {
        empty.push({ key, size, modifiedAt });
      }
    }
    for (const entry of empty) {
      const seen = segments.get(entry.key);
      const asked = seen?.upload === 'several' ? await this.#sizeOf(entry.key, options) : undefined;
      yield { ...entry, size: asked ?? seen?.size ?? 0 };
    }
  }

  /** Undefined where it has gone, or the store does not say. */
  async #sizeOf(key: string, { signal }: CallOptions): Promise<number | undefined> {
    const what = this.#connection.describe('look at', key);
    const found = await this.#connection
      .send(what, { method: 'HEAD', key }, { signal })
      .catch(notFoundMeans(undefined));
    return found === undefined ? undefined : bodyLength(found.headers);
  }

  leftovers(prefix: string, { signal }: CallOptions): AsyncIterable<Leftover> {
    const deleteAll = (keys: Iterable<string>, options: CallOptions): Promise<void> => this.#deleteAll(keys, options);
    return swiftLeftovers(this.#connection, prefix, { signal, deleteAll });
  }

  folders(folder: string, options: CallOptions): AsyncIterable<string> {
    return this.#connection.folders(folder, options);
  }

  async read(key: string, { signal, range, size, tag }: ReadOptions): Promise<Readable> {
    if (range !== undefined && range.end <= range.start) {
      return Readable.from([], { objectMode: false });
    }
    const what = this.#connection.describe('read', key);
    const part = range === undefined ? undefined : { range, size, tag };
    try {
      return await this.#connection.open(what, key, { signal, part, size });
    } catch (error) {
      if (mayBeBeyondEnd({ range, size }) && error instanceof RangeBeyondEnd) {
        return Readable.from([], { objectMode: false });
      }
      throw await this.#absence(error, key, { signal });
    }
  }

  async beginUpload(key: string, { signal }: CallOptions & { readonly partSize: number }): Promise<Upload> {
    const taken = new Set<number>();
    for await (const segment of this.#connection.list(`${key}/`, { signal })) {
      const parsed = parseSegmentKey(segment.key);
      if (parsed?.owner === key) {
        taken.add(parsed.upload);
      }
    }
    const own = this.#uploads.get(key) ?? new Set<number>();
    const number = freeNumber(new Set([...taken, ...own]));
    this.#uploads.set(key, own.add(number));
    return new SwiftUpload({
      connection: this.#connection,
      key,
      number,
      deleteAll: (keys, options) => this.#deleteAll(keys, options),
      others: () => own,
      onEnd: () => {
        own.delete(number);
        if (own.size === 0) {
          this.#uploads.delete(key);
        }
      },
    });
  }

  /** The manifest goes first, so that it is never visible without its segments. The next delete finishes one that was cut short. */
  async delete(key: string, { signal }: CallOptions): Promise<void> {
    const what = this.#connection.describe('delete', key);
    const absence = await this.#connection.send(what, { method: 'DELETE', key }, { signal }).then(
      () => undefined,
      (error: unknown) => (isNotFound(error) ? error : Promise.reject(error)),
    );
    const segments: string[] = [];
    const held = new ListedObjects(`${this.location}/${key}/`);
    for await (const segment of this.#connection.list(`${key}/`, { signal })) {
      held.add(1);
      if (parseSegmentKey(segment.key)?.owner === key) {
        segments.push(segment.key);
      }
    }
    if (absence !== undefined && segments.length === 0) {
      throw absence;
    }
    await this.#deleteAll(segments, { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
  }

  async #deleteAll(keys: Iterable<string>, { signal }: CallOptions): Promise<void> {
    const queue = [...keys];
    const worker = async (): Promise<void> => {
      for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
        const what = this.#connection.describe('delete', key);
        await this.#connection.send(what, { method: 'DELETE', key }, { signal }).catch(notFoundMeans(undefined));
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: parallelDeletes }, worker));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
  }

  /** An object that is not found may be in a container that does not exist. */
  async #absence(error: unknown, key: string, { signal }: CallOptions): Promise<unknown> {
    if (!isNotFound(error)) {
      return error;
    }
    const what = this.#connection.describe('read', key);
    const exists = await this.#connection
      .send(what, { method: 'HEAD', key: undefined }, { signal })
      .then(() => true, notFoundMeans(false));
    return exists ? error : this.#connection.goneError(what);
  }
}

function isNotFound(error: unknown): error is StoreError {
  return error instanceof StoreError && error.kind === 'not_found';
}

/** The smallest number that no upload to the key has; the last one when all are taken, whose segments are then replaced. */
function freeNumber(taken: ReadonlySet<number>): number {
  let number = 0;
  while (taken.has(number) && number < uploadNumbers - 1) {
    number += 1;
  }
  return number;
}
