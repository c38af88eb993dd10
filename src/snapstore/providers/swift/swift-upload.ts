import { createHash, hash } from 'node:crypto';
import { countText } from '../../../runtime/log/amount.ts';
import type { CallOptions, ObjectEntry, Upload, UploadPart } from '../../bucket.ts';
import { bodyLength } from '../../http/body-length.ts';
import type { StoreAction } from '../../http/request-error.ts';
import { ListedObjects } from '../../listed-objects.ts';
import { type RetryPolicy, retryWaits } from '../../retry-transient.ts';
import { StoreError } from '../../store-error.ts';
import { lateArrival } from '../../upload/late-arrival.ts';
import { manifestFor } from './manifests.ts';
import { parseSegmentKey, segmentKey, segmentPrefix } from './segments.ts';
import type { SwiftConnection } from './swift-connection.ts';
import { notFoundMeans } from './swift-error.ts';

/** What an upload needs to know of its bucket. */
export interface SwiftUploadConfig {
  readonly connection: Pick<
    SwiftConnection,
    'container' | 'location' | 'timeouts' | 'clock' | 'describe' | 'send' | 'list' | 'goneError'
  >;
  readonly key: string;
  /** The first five digits of its segments' names. */
  readonly number: number;
  /** Deletes the objects; those that are gone already do not matter. */
  readonly deleteAll: (keys: Iterable<string>, options: CallOptions) => Promise<void>;
  /** Numbers of other uploads to the same key that are under way here. */
  readonly others: () => ReadonlySet<number>;
  /** Called once when the upload has ended, either way. */
  readonly onEnd: () => void;
}

/** Looks again at a listing, which may be older than the uploads. */
const lateListing: RetryPolicy = { firstMs: 250, multiplier: 2, longestMs: 4_000, retries: 5 };

/** A body that is known whole. */
interface SentPart {
  readonly md5: string;
  readonly size: number;
}

/** An upload as segments and, at the end, the manifest that makes them one object. */
export class SwiftUpload implements Upload {
  readonly #config: SwiftUploadConfig;
  readonly #sent = new Map<number, SentPart>();
  /** Parts whose upload was begun: their segments may be there even where no answer came. */
  readonly #begun = new Set<number>();
  /** True from sending the manifest until everything has been checked. */
  #unverified = false;

  constructor(config: SwiftUploadConfig) {
    this.#config = config;
  }

  async writePart({ number, bytes, digests }: UploadPart, { signal }: CallOptions): Promise<void> {
    const { connection, key } = this.#config;
    const md5 = Buffer.from(digests?.md5 ?? hash('md5', bytes, 'buffer')).toString('hex');
    this.#begun.add(number);
    const what = connection.describe(`upload part ${number} of`, key);
    const segment = { key: segmentKey(key, this.#config.number, number), bytes, md5 };
    await this.#put(what, segment, { signal, retry: 'never' });
    this.#sent.set(number, { md5, size: bytes.length });
  }

  async complete(
    whole: { readonly parts: number; readonly size: number },
    { signal }: CallOptions,
  ): Promise<ObjectEntry> {
    const { connection, key, number } = this.#config;
    const what = connection.describe('complete the upload of', key);
    const parts = Array.from({ length: whole.parts }, (_, index) => this.#sent.get(index + 1));
    const size = parts.reduce((sum, part) => sum + (part?.size ?? 0), 0);
    if (parts.includes(undefined) || this.#sent.size !== whole.parts || size !== whole.size) {
      const found = `${this.#sent.size} of ${countText(whole.parts, 'part')} with ${size} of ${whole.size} bytes have arrived`;
      throw new StoreError('invalid', { ...what, found });
    }
    await this.#untilListed(what, { signal });
    this.#unverified = true;
    const manifest = whole.parts > 0 ? { 'X-Object-Manifest': this.#manifest() } : {};
    await this.#put(what, { key, bytes: Buffer.alloc(0), md5: emptyMd5, headers: manifest }, { signal });
    const { headers } = await connection.send(connection.describe('verify', key), { method: 'HEAD', key }, { signal });
    // Something on the way may leave it out; the segments were compared already.
    const stored = bodyLength(headers) ?? whole.size;
    if (stored !== whole.size) {
      const found = `the store holds ${stored} bytes where ${whole.size} were sent`;
      throw new StoreError('transient', { ...what, found });
    }
    this.#unverified = false;
    this.#begun.clear();
    await this.#removeReplaced(number, { signal });
    this.#config.onEnd();
    return { key, size: whole.size, modifiedAt: timestampMs(headers['x-timestamp']) };
  }

  get leftovers(): string {
    const { connection, key, number } = this.#config;
    const segments = `segments ${connection.location}/${segmentPrefix(key, number)}*`;
    return this.#unverified
      ? `${segments} and the manifest ${connection.location}/${key}, which may still appear`
      : segments;
  }

  async abort(options: CallOptions): Promise<void> {
    const { key, number, deleteAll, onEnd } = this.#config;
    // Segments stay while the manifest may still appear: it must not be visible without them.
    if (this.#unverified) {
      await this.#removeManifest(options);
      this.#unverified = false;
    }
    const keyOf = (part: number): string => segmentKey(key, number, part);
    await deleteAll([...this.#begun].map(keyOf), options);
    await Promise.all(
      [...this.#begun]
        .filter((part) => !this.#sent.has(part))
        .map(keyOf)
        .map((segment) => this.#removeLate(segment, options)),
    );
    this.#begun.clear();
    this.#sent.clear();
    onEnd();
  }

  /** Deletes a segment that appears within a second: its request was cut short, or its answer lost, and the store may still carry it out. */
  async #removeLate(segment: string, options: CallOptions): Promise<void> {
    const { connection } = this.#config;
    const what = connection.describe('remove the segment', segment);
    const remove = (): Promise<true | undefined> =>
      connection.send(what, { method: 'DELETE', key: segment }, options).then(() => true, notFoundMeans(undefined));
    await lateArrival(remove, { clock: connection.clock, signal: options.signal });
  }

  /** Deletes the manifest if it is ours, or becomes ours within a second. */
  async #removeManifest(options: CallOptions): Promise<void> {
    const { connection, key, deleteAll } = this.#config;
    const what = connection.describe('remove the unverified', key);
    const own = decodeURIComponent(this.#manifest());
    const look = async (): Promise<true | undefined> => {
      const manifest = await connection
        .send(what, { method: 'HEAD', key }, options)
        .then(({ headers }) => String(headers['x-object-manifest'] ?? ''), notFoundMeans(''));
      return decodeURIComponent(manifest) === own ? true : undefined;
    };
    if (await lateArrival(look, { clock: connection.clock, signal: options.signal })) {
      await deleteAll([key], options);
    }
  }

  async #put(
    what: StoreAction,
    object: {
      readonly key: string;
      readonly bytes: Uint8Array;
      readonly md5: string;
      readonly headers?: Record<string, string>;
    },
    options: CallOptions & { readonly retry?: 'never' },
  ): Promise<void> {
    const { connection } = this.#config;
    const deadlineMs = connection.timeouts.partMs;
    const headers = { 'Content-Type': 'application/octet-stream', ETag: object.md5, ...object.headers };
    const request = { method: 'PUT', key: object.key, headers, body: object.bytes } as const;
    const { status, headers: answer } = await connection
      .send(what, request, { ...options, deadlineMs })
      .catch((error: unknown) => {
        // An object that is written cannot be absent: its container is.
        throw error instanceof StoreError && error.kind === 'not_found' ? connection.goneError(what) : error;
      });
    const etag = String(answer.etag ?? '').replaceAll('"', '');
    if (status !== 201 || etag !== object.md5) {
      const found = `the store answered ${status} and has other bytes than were sent`;
      throw new StoreError('transient', { ...what, found });
    }
  }

  /**
   * Looks at the listing until it shows all segments under our number: a manifest is read by its listing, which may be older than the
   * uploads. One with other bytes than were sent is not late: somebody else has written it.
   */
  async #untilListed(what: StoreAction, { signal }: CallOptions): Promise<void> {
    const { connection, key, number } = this.#config;
    for (const wait of [...retryWaits(lateListing), undefined]) {
      let listed = 0;
      for await (const { key: segment, md5, size } of connection.list(segmentPrefix(key, number), { signal })) {
        const sent = this.#sent.get(parseSegmentKey(segment)?.part ?? 0);
        if (sent?.md5 !== md5 || sent.size !== size) {
          const found = `${segment} holds other bytes than were sent; another upload may have written it`;
          throw new StoreError('transient', { ...what, found });
        }
        listed += 1;
      }
      if (listed === this.#sent.size) {
        return;
      }
      if (wait === undefined) {
        throw new StoreError('transient', {
          ...what,
          found: `the store lists ${listed} of ${countText(this.#sent.size, 'segment')}`,
        });
      }
      await connection.clock.sleep(wait, signal);
    }
  }

  /** Deletes the segments of the object that had the key before. They are garbage now: if it fails, a later upload or delete takes them. */
  async #removeReplaced(number: number, { signal }: CallOptions): Promise<void> {
    const { connection, key, deleteAll, others } = this.#config;
    try {
      const replaced: string[] = [];
      const held = new ListedObjects(`${connection.location}/${key}/`);
      for await (const { key: segment } of connection.list(`${key}/`, { signal })) {
        held.add(1);
        const parsed = parseSegmentKey(segment);
        if (parsed?.owner === key && parsed.upload !== number && !others().has(parsed.upload)) {
          replaced.push(segment);
        }
      }
      await deleteAll(replaced, { signal });
    } catch (error) {
      if (!(error instanceof StoreError)) {
        throw error;
      }
    }
  }

  /** What the manifest says: container and prefix, percent-encoded. */
  #manifest(): string {
    const { connection, key, number } = this.#config;
    return manifestFor(connection.container, segmentPrefix(key, number));
  }
}

const emptyMd5 = createHash('md5').digest('hex');

/** `X-Timestamp` is seconds with five decimals; cut to ms as listings' times are. */
function timestampMs(header: string | readonly string[] | undefined): number {
  const [seconds = '0', decimals = ''] = String(header ?? '0').split('.');
  return Number(seconds) * 1_000 + Number(decimals.padEnd(3, '0').slice(0, 3)) || 0;
}
