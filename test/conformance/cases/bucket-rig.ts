import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Bucket, ObjectEntry, UploadPart } from '../../../src/snapstore/bucket.ts';
import { StoreError, type StoreErrorKind } from '../../../src/snapstore/store-error.ts';
import { leastChunkSize } from '../../../src/snapstore/upload/chunk-plan.ts';
import type { PartDigest } from '../../../src/snapstore/upload/part-digests.ts';
import type { UploadRequest } from '../../../src/snapstore/upload/upload-request.ts';
import { uploadInChunks } from '../../../src/snapstore/upload/uploader.ts';
import { briskClock } from '../../support/clock/brisk-clock.ts';
import { eachAtOnce } from '../../support/context/each-at-once.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { collected, inPieces } from '../../support/fixtures/byte-streams.ts';
import { steadyBucket } from '../../support/stores/steady-bucket.ts';

/** A bucket under test. */
export interface OpenedSubject {
  readonly bucket: Bucket;
  release(): Promise<void>;
  /** A quicker way than uploads to make the many objects of the listing test, 1 byte each. */
  fill?(keys: readonly string[]): Promise<void>;
}

/** What is put to the test. */
export interface BucketSubject {
  /** Its name in the report: `Local`, `S3 on Ceph RGW`. */
  readonly name: string;
  /** Opens an empty bucket. */
  open(): Promise<OpenedSubject>;
  /** Objects for the listing that goes over many pages, where 10,500 take a server too long; `STORE_OBJECTS` wins over it. */
  readonly manyObjects?: number;
  /**
   * True where parts are objects of their own, named `KEY/<10 digits>`, that a listing shows together with the objects. The suite looks
   * past them, except where nothing may be left.
   */
  readonly listsParts?: boolean;
  /** Digests of parts that the server under test knows nothing of. */
  readonly unknownDigests?: readonly PartDigest[];
}

/** The size of all parts of the suite's uploads but the last, bytes. */
export const CHUNK = leastChunkSize;

/** What cancelled calls are cancelled with. */
export const stopped = new Error('stopped by the test');

/** The bucket under test, with the short ways to use it that the cases share. */
export class BucketRig {
  readonly subject: BucketSubject;
  /** Never aborted. */
  readonly signal = new AbortController().signal;
  #opened: OpenedSubject | undefined;
  #bucket: Bucket | undefined;
  #folders = 0;

  constructor(subject: BucketSubject) {
    this.subject = subject;
  }

  async open(): Promise<void> {
    this.#opened = await this.subject.open();
    this.#bucket = steadyBucket(this.#opened.bucket);
  }

  async close(): Promise<void> {
    await this.#opened?.bucket[Symbol.asyncDispose]();
    await this.#opened?.release();
  }

  get bucket(): Bucket {
    assert.ok(this.#bucket !== undefined, 'the bucket is open');
    return this.#bucket;
  }

  /** A folder that no other case uses. */
  readonly freshFolder = (): string => {
    this.#folders += 1;
    return `case-${this.#folders}/`;
  };

  readonly freshKey = (): string => `${this.freshFolder()}object`;

  readonly put = (key: string, bytes: Uint8Array): Promise<ObjectEntry> =>
    this.upload(key, inPieces(bytes, 1_000_003), bytes.length);

  readonly upload = (
    key: string,
    body: AsyncIterable<Uint8Array>,
    sizeBound: number,
    request: Partial<Pick<UploadRequest, 'signal' | 'onUploaded'>> = {},
  ): Promise<ObjectEntry> =>
    uploadInChunks(
      this.bucket,
      { key, body, sizeBound, signal: this.signal, ...request },
      { parallel: 4, minChunkSize: CHUNK, clock: briskClock(), log: new RecordedLog() },
    );

  readonly get = async (key: string, range?: { readonly start: number; readonly end: number }): Promise<Buffer> => {
    const { signal } = this;
    return await collected(await this.bucket.read(key, range === undefined ? { signal } : { signal, range }));
  };

  readonly entriesBelow = async (prefix: string): Promise<ObjectEntry[]> =>
    (await Array.fromAsync(this.bucket.list(prefix, { signal: this.signal }))).filter(({ key }) => this.isShown(key));

  readonly keysBelow = async (prefix: string): Promise<string[]> =>
    (await this.entriesBelow(prefix)).map((entry) => entry.key).sort();

  /** All that is listed, parts as well. */
  readonly allKeysBelow = async (prefix: string): Promise<string[]> =>
    (await Array.fromAsync(this.bucket.list(prefix, { signal: this.signal }))).map((entry) => entry.key).sort();

  /** False for parts that are objects of their own. */
  readonly isShown = (key: string): boolean => this.subject.listsParts !== true || !/\/\d{10}$/.test(key);

  /** Makes objects of 1 byte, as fast as it goes. */
  readonly fill = async (keys: readonly string[]): Promise<void> => {
    if (this.#opened?.fill !== undefined) {
      await this.#opened.fill(keys);
      return;
    }
    await eachAtOnce(keys, 16, (key) => this.put(key, Buffer.from('x')));
  };
}

/** `bytes` as the parts of an upload. */
export function partsOf(bytes: Buffer): (UploadPart & { readonly bytes: Buffer })[] {
  return Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, at) => ({
    number: at + 1,
    offset: at * CHUNK,
    bytes: bytes.subarray(at * CHUNK, (at + 1) * CHUNK),
  }));
}

/** For `assert.rejects`: a {@link StoreError} of this kind. */
export function isStoreError(kind: StoreErrorKind): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.kind, kind, error.message);
    return true;
  };
}

/** In hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
