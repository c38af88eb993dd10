import { hash } from 'node:crypto';
import { combineCrc64, crc64 } from '../../../checksum/crc64.ts';
import { countText } from '../../../runtime/log/amount.ts';
import type { CallOptions, ObjectEntry, Upload, UploadPart } from '../../bucket.ts';
import { bodyLength } from '../../http/body-length.ts';
import { retryWaits, waitAfter } from '../../retry-transient.ts';
import { StoreError } from '../../store-error.ts';
import { UploadVanished } from '../../upload/upload-vanished.ts';
import type { OssHeaders } from './oss-client.ts';
import { ossErrorCode } from './oss-error.ts';
import type { OssRequests } from './oss-requests.ts';

/** What is known of a part that arrived. */
interface WrittenPart {
  readonly number: number;
  readonly size: number;
  readonly crc: bigint;
  readonly etag: string;
}

/** Where an upload goes. */
export interface OssUploadTarget {
  readonly key: string;
  readonly uploadId: string;
  /** Location and key, for messages. */
  readonly object: string;
}

/** A multipart upload to OSS. Every part goes with its MD5, and the CRC-64 the service found is compared. */
export class OssUpload implements Upload {
  readonly #requests: OssRequests;
  readonly #target: OssUploadTarget;
  readonly #parts = new Map<number, WrittenPart>();
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #stop = new AbortController();
  #state: 'open' | 'completed' | 'aborted' = 'open';
  /** Set while it is not known whether the object has become visible, or whether it is right. */
  #unverified: ExpectedObject | undefined;

  constructor(requests: OssRequests, target: OssUploadTarget) {
    this.#requests = requests;
    this.#target = target;
  }

  async writePart(part: UploadPart, { signal }: CallOptions): Promise<void> {
    const sending = this.#sendPart(part, AbortSignal.any([signal, this.#stop.signal]));
    this.#inFlight.add(sending);
    try {
      await sending;
    } finally {
      this.#inFlight.delete(sending);
    }
  }

  async #sendPart({ number, bytes, digests }: UploadPart, signal: AbortSignal): Promise<void> {
    const { key, uploadId, object } = this.#target;
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const crc = digests?.crc64 ?? crc64(body);
    const headers = { 'Content-MD5': Buffer.from(digests?.md5 ?? hash('md5', body, 'buffer')).toString('base64') };
    const action = `upload part ${number} of`;
    const { etag, res } = await this.#requests
      .run({ action, object, signal, retry: 'never', deadlineMs: this.#requests.timeouts.partMs }, (options) =>
        this.#requests.client.uploadPart(key, uploadId, number, body, 0, body.byteLength, { ...options, headers }),
      )
      .catch((error: unknown) => {
        throw isUploadGone(error) ? new UploadVanished({ action, object, cause: error }) : error;
      });
    if (storedCrc(res.headers, crc) !== crc) {
      throw new StoreError('transient', { action, object, found: 'the store received other bytes than were sent' });
    }
    this.#parts.set(number, { number, size: body.byteLength, crc, etag });
  }

  async complete(
    whole: { readonly parts: number; readonly size: number },
    { signal }: CallOptions,
  ): Promise<ObjectEntry> {
    const { object } = this.#target;
    const parts = [...this.#parts.values()].sort((a, b) => a.number - b.number);
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    if (parts.length !== whole.parts || size !== whole.size || parts.some(({ number }, at) => number !== at + 1)) {
      throw new StoreError('invalid', {
        action: 'complete the upload of',
        object,
        found: `${countText(parts.length, 'part')} with ${size} bytes arrived, not ${whole.parts} with ${whole.size}`,
      });
    }
    const expected = { size, crc: combineCrc64(parts) };
    this.#unverified = expected;
    const published = await this.#publish(parts, expected, signal);
    const entry = await this.#verify(published, expected, signal);
    this.#unverified = undefined;
    this.#state = 'completed';
    return entry;
  }

  /**
   * Joins the parts and returns the headers of the response. When the response is lost, the object shows whether it was done:
   * undefined when it is there.
   */
  async #publish(
    parts: readonly WrittenPart[],
    expected: ExpectedObject,
    signal: AbortSignal,
  ): Promise<OssHeaders | undefined> {
    const { key, uploadId, object } = this.#target;
    const task = { action: 'complete the upload of', object, signal, retry: 'never' } as const;
    const { client, timeouts, clock } = this.#requests;
    for (const waits = retryWaits(timeouts.retries); ; ) {
      try {
        // A multipart upload needs a part; an empty object is put as it is.
        const { res } = await this.#requests.run(task, (options) =>
          expected.size === 0
            ? client.put(key, Buffer.alloc(0), options)
            : client.completeMultipartUpload(key, uploadId, parts, options),
        );
        if (expected.size === 0) {
          await this.#discard(signal);
        }
        return res.headers;
      } catch (error) {
        const unclear = error instanceof StoreError && (error.kind === 'transient' || isUploadGone(error));
        if (!unclear) {
          throw error;
        }
        if (await this.#holds(expected, signal)) {
          // Done, or the same bytes were there before and the parts remain.
          await this.#discard(signal);
          return undefined;
        }
        const wait = waits.next();
        if (isUploadGone(error)) {
          throw new UploadVanished({ ...task, cause: error });
        }
        if (wait.done === true) {
          throw error;
        }
        await clock.sleep(waitAfter(error, wait.value), signal);
      }
    }
  }

  async #holds(expected: ExpectedObject, signal: AbortSignal): Promise<boolean> {
    try {
      const found = await this.#head(signal);
      return (found.size ?? expected.size) === expected.size && found.crc === expected.crc;
    } catch (error) {
      if (error instanceof StoreError && (error.kind === 'not_found' || error.kind === 'transient')) {
        return false;
      }
      throw error;
    }
  }

  /** Reads back what the store holds, and removes it if it is ours and wrong. */
  async #verify(
    published: OssHeaders | undefined,
    expected: ExpectedObject,
    signal: AbortSignal,
  ): Promise<ObjectEntry> {
    const { key, object } = this.#target;
    const found = await this.#head(signal);
    const isOurs = published === undefined || published['etag'] === found.etag;
    const stored = isOurs ? found : { size: expected.size, crc: storedCrc(published) };
    // What a proxy has left out says nothing against it: each part was compared as it came.
    const size = stored.size ?? expected.size;
    if (size === expected.size && (stored.crc ?? expected.crc) === expected.crc) {
      return { key, size: expected.size, modifiedAt: found.modifiedAt };
    }
    if (isOurs) {
      await this.#remove('remove the damaged', signal);
    }
    throw new StoreError('transient', {
      action: 'complete the upload of',
      object,
      found: `the store took other bytes (${size}) than were sent (${expected.size}); they were removed`,
    });
  }

  async #head(signal: AbortSignal): Promise<{
    readonly size: number | undefined;
    readonly crc: bigint | undefined;
    readonly etag: string | undefined;
    readonly modifiedAt: number;
  }> {
    const { key, object } = this.#target;
    const { res } = await this.#requests.run({ action: 'verify', object, signal, retry: 'safe' }, (options) =>
      this.#requests.client.head(key, options),
    );
    return {
      size: bodyLength(res.headers),
      crc: storedCrc(res.headers),
      etag: res.headers['etag'],
      modifiedAt: Date.parse(res.headers['last-modified'] ?? '') || Date.parse(res.headers['date'] ?? '') || 0,
    };
  }

  get leftovers(): string {
    return `multipart upload ${this.#target.uploadId} of ${this.#target.object}`;
  }

  async abort({ signal }: CallOptions): Promise<void> {
    if (this.#state !== 'open') {
      return;
    }
    this.#state = 'aborted';
    // Parts that arrive after the abort would stay in the store.
    this.#stop.abort(new Error('the upload was aborted'));
    await Promise.allSettled(this.#inFlight);
    if ((await this.#discard(signal)) === 'gone') {
      await this.#removeUnverified(signal);
    }
  }

  /** Removes the parts. `gone`: the store does not know the upload, because it was completed or dropped before. */
  async #discard(signal: AbortSignal): Promise<'dropped' | 'gone'> {
    const { key, uploadId, object } = this.#target;
    try {
      await this.#requests.run({ action: 'abort the upload of', object, signal, retry: 'safe' }, (options) =>
        this.#requests.client.abortMultipartUpload(key, uploadId, options),
      );
      return 'dropped';
    } catch (error) {
      if (isUploadGone(error)) {
        return 'gone';
      }
      throw error;
    }
  }

  /** An upload that is gone after a completion whose response was lost was completed: the object is there, unverified. */
  async #removeUnverified(signal: AbortSignal): Promise<void> {
    if (this.#unverified !== undefined && (await this.#holds(this.#unverified, signal))) {
      await this.#remove('remove the unverified', signal);
    }
    this.#unverified = undefined;
  }

  async #remove(action: string, signal: AbortSignal): Promise<void> {
    const { key, object } = this.#target;
    await this.#requests.run({ action, object, signal, retry: 'safe' }, (options) =>
      this.#requests.client.delete(key, options),
    );
  }
}

interface ExpectedObject {
  readonly size: number;
  readonly crc: bigint;
}

/** The CRC-64 the service states; `absent` where it states none, as some proxies in front of it do. */
function storedCrc(headers: OssHeaders, absent: bigint): bigint;
function storedCrc(headers: OssHeaders): bigint | undefined;
function storedCrc(headers: OssHeaders, absent?: bigint): bigint | undefined {
  const written = headers['x-oss-hash-crc64ecma'];
  return written === undefined || !/^\d+$/.test(written) ? absent : BigInt(written);
}

function isUploadGone(error: unknown): boolean {
  return error instanceof StoreError && ossErrorCode(error) === 'NoSuchUpload';
}
