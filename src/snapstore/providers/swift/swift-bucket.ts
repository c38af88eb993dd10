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
import { manifestAt, manifestFor, manifestOf, takesIn } from './manifests.ts';
import { PkgcloudTransport } from './pkgcloud-transport.ts';
import { parseSegmentKey, segmentPrefix, uploadNumbers } from './segments.ts';
import { SwiftConnection } from './swift-connection.ts';
import { notFoundMeans, RangeBeyondEnd } from './swift-error.ts';
import { swiftLeftovers } from './swift-leftovers.ts';
import { SwiftUpload } from './swift-upload.ts';

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
    const segments = new Map<string, SeenSegments>();
    const held = new ListedObjects(`${this.location}/${prefix}`, options.most);
    for await (const { key, size, modifiedAt } of this.#connection.list(prefix, options)) {
      const segment = parseSegmentKey(key);
      held.add(segment !== undefined || size === 0 ? 1 : 0);
      if (segment !== undefined) {
        const { owner, upload } = segment;
        const seen = segments.get(owner) ?? { size: 0, sizeOfFirst: 0, upload };
        segments.set(owner, {
          size: seen.size + size,
          sizeOfFirst: seen.sizeOfFirst + (upload === 0 ? size : 0),
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
      const asked = seen?.upload === 'several' ? await this.#sizeOf(entry.key, seen, options) : undefined;
      yield { ...entry, size: asked ?? seen?.size ?? 0 };
    }
  }

  /** The size of an object beside whose segments there are others. Undefined where it has gone, or the store does not say. */
  async #sizeOf(key: string, { sizeOfFirst }: SeenSegments, { signal }: CallOptions): Promise<number | undefined> {
    const { container } = this.#connection;
    const what = this.#connection.describe('look at', key);
    const found = await this.#connection
      .send(what, { method: 'HEAD', key }, { signal })
      .catch(notFoundMeans(undefined));
    if (found === undefined) {
      return undefined;
    }
    // Programs that do not number their uploads name all segments, those of an upload that is under way as well: their own are the first.
    const takesInAll = takesIn(manifestOf(found.headers), { container, key: `${key}/` });
    return takesInAll ? sizeOfFirst : bodyLength(found.headers);
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
    const { container } = this.#connection;
    const manifest = await manifestAt(this.#connection, key, { signal });
    const isOpen = takesIn(manifest, { container, key: `${key}/` });
    if (isOpen) {
      taken.add(await this.#narrow(key, taken, { signal }));
    }
    // A manifest whose segments are gone takes in new ones with their number.
    const isNamed = (number: number): boolean =>
      !isOpen && takesIn(manifest, { container, key: segmentPrefix(key, number) });
    const own = this.#uploads.get(key) ?? new Set<number>();
    const number = freeNumber((each) => taken.has(each) || own.has(each) || isNamed(each));
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

  /**
   * Has a manifest of another program, which names whatever is written next to its segments, name these alone: a reader would get what
   * follows as a part of the object. Gives their number.
   */
  async #narrow(key: string, taken: ReadonlySet<number>, { signal }: CallOptions): Promise<number> {
    const number = taken.size === 0 ? 0 : Math.min(...taken);
    const what = this.#connection.describe('keep the segments apart of', key);
    const headers = {
      'Content-Type': 'application/octet-stream',
      'X-Object-Manifest': manifestFor(this.#connection.container, segmentPrefix(key, number)),
    };
    await this.#connection.send(what, { method: 'PUT', key, headers }, { signal });
    return number;
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

/** What a listing shows of the segments of one object. */
interface SeenSegments {
  readonly size: number;
  /** Of those with the number 0. */
  readonly sizeOfFirst: number;
  readonly upload: number | 'several';
}

/** The smallest number that is not taken; the last one when all are, whose segments are then replaced. */
function freeNumber(isTaken: (number: number) => boolean): number {
  let number = 0;
  while (isTaken(number) && number < uploadNumbers - 1) {
    number += 1;
  }
  return number;
}
