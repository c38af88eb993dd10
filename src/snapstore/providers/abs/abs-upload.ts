import { hash, randomInt } from 'node:crypto';
import type { BlockBlobClient } from '@azure/storage-blob';
import { countText } from '../../../runtime/log/amount.ts';
import type { CallOptions, ObjectEntry, Upload, UploadPart } from '../../bucket.ts';
import type { StoreRequests } from '../../http/store-requests.ts';
import { StoreError } from '../../store-error.ts';
import { lateArrival } from '../../upload/late-arrival.ts';
import { UploadVanished } from '../../upload/upload-vanished.ts';
import { areBlocksGone } from './abs-error.ts';

/** What an upload needs to know of its bucket. */
export interface AbsUploadConfig {
  readonly blob: BlockBlobClient;
  readonly key: string;
  readonly requests: StoreRequests;
}

/** How many part numbers there are between the numbers of two uploads; more than a blob has blocks. */
const numbersPerUpload = 100_000;

/**
 * An upload as a list of blocks: staged blocks are invisible and become the blob's content by one commit.
 *
 * A block's id is base64 of ten digits. All ids of a blob must be equally long, those of uncommitted blocks of
 * other programs included, so the digits hold both: five for a number drawn for this upload, five for the part. So two uploads
 * to one key, which share the uncommitted blocks, never commit each other's bytes: one of them fails.
 *
 * Nothing deletes uncommitted blocks; the service drops them a week after the last one, or when another list is committed.
 */
export class AbsUpload implements Upload {
  readonly #config: AbsUploadConfig;
  readonly #number = randomInt(numbersPerUpload);
  readonly #written = new Set<number>();
  /** True from sending the commit until its result has been checked: then our blob may be visible. */
  #unverified = false;

  constructor(config: AbsUploadConfig) {
    this.#config = config;
  }

  async writePart({ number, bytes, digests }: UploadPart, { signal }: CallOptions): Promise<void> {
    const { blob, requests } = this.#config;
    const deadlineMs = requests.timeouts.partMs;
    const task = { action: `upload part ${number} of`, object: blob.url, signal, retry: 'never', deadlineMs } as const;
    const md5 = Buffer.from(digests?.md5 ?? hash('md5', bytes, 'buffer'));
    const stored = await requests.run(task, (abortSignal) =>
      blob.stageBlock(this.#blockId(number), bytes, bytes.length, { transactionalContentMD5: md5, abortSignal }),
    );
    // The service compares it, and says what it has made of the bytes; something in its place may only say it.
    if (stored.contentMD5 !== undefined && !md5.equals(stored.contentMD5)) {
      throw new StoreError('transient', { ...task, found: 'the store received other bytes than were sent' });
    }
    this.#written.add(number);
  }

  async complete(
    whole: { readonly parts: number; readonly size: number },
    { signal }: CallOptions,
  ): Promise<ObjectEntry> {
    const { blob, key, requests } = this.#config;
    const what = { action: 'complete the upload of', object: blob.url };
    const numbers = Array.from({ length: whole.parts }, (_, index) => index + 1);
    if (this.#written.size !== whole.parts || !numbers.every((number) => this.#written.has(number))) {
      throw new StoreError('invalid', {
        ...what,
        found: `${this.#written.size} of ${countText(whole.parts, 'part')} arrived`,
      });
    }
    // The same blocks may be committed again.
    const task = { ...what, signal, retry: 'safe' } as const;
    const blocks = numbers.map((number) => this.#blockId(number));
    this.#unverified = true;
    const commit = (abortSignal: AbortSignal) => blob.commitBlockList(blocks, { abortSignal });
    const committed = await requests.run(task, commit).catch((error: unknown) => {
      throw areBlocksGone(error) ? new UploadVanished({ ...what, cause: error }) : error;
    });
    const look = { ...task, action: 'verify' };
    const stored = await requests.run(look, (abortSignal) => blob.getProperties({ abortSignal }));
    // Each block was compared as it came. Another etag means that somebody has replaced it since: then its size says nothing about ours.
    const size = stored.contentLength ?? whole.size;
    if (stored.etag === committed.etag && size !== whole.size) {
      const found = `the store holds ${size} bytes where ${whole.size} were sent`;
      throw new StoreError('transient', { ...what, found });
    }
    this.#unverified = false;
    return {
      key,
      size: whole.size,
      modifiedAt: (committed.lastModified ?? stored.lastModified)?.getTime() || 0,
    };
  }

  get leftovers(): string {
    const { url } = this.#config.blob;
    const blocks = `uncommitted blocks of ${url}, which the service drops after a week`;
    return this.#unverified ? `the blob ${url}, which may still appear, or ${blocks}` : blocks;
  }

  async abort({ signal }: CallOptions): Promise<void> {
    if (!this.#unverified) {
      return;
    }
    const { blob, requests } = this.#config;
    const task = { action: 'remove the unverified', object: blob.url, signal, retry: 'safe' } as const;
    const look = async (): Promise<true | undefined> => {
      try {
        return await requests.run(task, (abortSignal) => this.#removeOwn(abortSignal));
      } catch (error) {
        if (error instanceof StoreError && error.kind === 'not_found') {
          return undefined;
        }
        throw error;
      }
    };
    await lateArrival(look, { clock: requests.clock, signal });
    this.#unverified = false;
  }

  /** Deletes the blob if it is made of our blocks, and still is when the delete arrives; undefined when it is not. */
  async #removeOwn(abortSignal: AbortSignal): Promise<true | undefined> {
    const { blob } = this.#config;
    const { committedBlocks = [], etag } = await blob.getBlockList('committed', { abortSignal });
    const own = new Set([...this.#written].map((number) => this.#blockId(number)));
    if (etag === undefined || !committedBlocks.some(({ name }) => own.has(name))) {
      return undefined;
    }
    await blob.delete({ conditions: { ifMatch: etag }, deleteSnapshots: 'include', abortSignal });
    return true;
  }

  #blockId(part: number): string {
    const digits = String(this.#number * numbersPerUpload + part).padStart(10, '0');
    return Buffer.from(digits).toString('base64');
  }
}
