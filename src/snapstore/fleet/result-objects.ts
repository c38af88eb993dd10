import { limits } from '../../runtime/limits.ts';
import type { Bucket, CallOptions } from '../bucket.ts';
import { abandonedAfterMs } from '../leftover.ts';
import { removeReplaced } from '../remove-replaced.ts';
import { StoreError } from '../store-error.ts';
import type { UploadSettings } from '../upload/upload-request.ts';
import { uploadInChunks } from '../upload/uploader.ts';
import { reservedFolder } from './reserved-folder.ts';

/** The longest name of a verification that a result can have, characters. */
export const longestRunName = 256;

/** One share of the work: `index` counts from 0. */
export interface ShardNumber {
  readonly index: number;
  readonly count: number;
}

/** The object with what a shard found out. */
export interface ResultObject extends ShardNumber {
  readonly key: string;
  /** When it was written, whole seconds since the epoch. */
  readonly writtenOn: number;
  /** Bytes. */
  readonly size: number;
  /** Until when the store refuses to delete it, ms since the epoch; undefined where its listing does not say. */
  readonly lockedUntil: number | undefined;
}

const pattern = /^verify-(\d{1,12})-(\d{1,6})-of-(\d{1,6})\.json$/;

/** Results of shards, in the reserved folder below the root of a fleet: complete or not there. */
export class ResultObjects {
  readonly #bucket: Bucket;
  readonly #folder: string;
  readonly #upload: UploadSettings;
  readonly #largest: number;

  /** `root` is empty or has a slash at its end; what is larger than `largest`, bytes, is no result. */
  constructor(
    bucket: Bucket,
    {
      root,
      upload,
      largest = limits.fleetResult.most,
    }: { readonly root: string; readonly upload: UploadSettings; readonly largest?: number },
  ) {
    this.#bucket = bucket;
    this.#folder = `${root}${reservedFolder}`;
    this.#upload = upload;
    this.#largest = largest;
  }

  /** Newest first. */
  async list(options: CallOptions): Promise<readonly ResultObject[]> {
    const found: ResultObject[] = [];
    for await (const { key, size, immutableUntil } of this.#bucket.list(this.#folder, options)) {
      const [, writtenOn, index, count] = pattern.exec(key.slice(this.#folder.length)) ?? [];
      if (Number(index) < Number(count)) {
        found.push({
          ...{ key, size, lockedUntil: immutableUntil },
          ...{ writtenOn: Number(writtenOn), index: Number(index), count: Number(count) },
        });
      }
    }
    return found.sort((a, b) => b.writtenOn - a.writtenOn || a.index - b.index);
  }

  /** The bytes of one. Throws a StoreError, of kind `invalid` for one that is too large. */
  async read({ key, size: listed }: Pick<ResultObject, 'key' | 'size'>, { signal }: CallOptions): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of (await this.#bucket.read(key, { signal, size: listed })) as AsyncIterable<Uint8Array>) {
      size += piece.length;
      if (size > this.#largest) {
        const object = `${this.#bucket.location}/${key}`;
        throw new StoreError('invalid', {
          action: 'read',
          object,
          found: 'it is too large for a result of fleet verify',
        });
      }
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  /** Writes one, under a name that no other has, and returns its key. `writtenOn` is in whole seconds since the epoch. */
  async save(
    { index, count }: ShardNumber,
    { bytes, writtenOn }: { readonly bytes: Uint8Array; readonly writtenOn: number },
    { signal }: CallOptions,
  ): Promise<string> {
    const key = `${this.#folder}verify-${writtenOn}-${index}-of-${count}.json`;
    const body = (): AsyncIterable<Uint8Array> => once(bytes);
    await uploadInChunks(
      this.#bucket,
      { key, body: body(), again: body, sizeBound: bytes.length, signal },
      this.#upload,
    );
    return key;
  }

  /** Deletes those that newer ones have replaced, see {@link removeReplaced}; `now` is in whole seconds since the epoch. Throws a StoreError. */
  async remove(
    replaced: readonly Pick<ResultObject, 'key'>[],
    { now }: { readonly now: number },
    { signal }: CallOptions,
  ): Promise<void> {
    const keys = replaced.map(({ key }) => key);
    await removeReplaced(this.#bucket, { keys, turn: now }, { signal });
  }

  /** Removes what uploads of results have left that ended a day ago or more; `now` is in whole seconds since the epoch. Throws a StoreError. */
  async removeAbandoned({ now }: { readonly now: number }, { signal }: CallOptions): Promise<void> {
    for await (const { key, begunAt, immutableUntil = 0, remove } of this.#bucket.leftovers?.(this.#folder, {
      signal,
    }) ?? []) {
      const isResult = key === undefined || pattern.test(key.slice(this.#folder.length));
      if (isResult && begunAt <= now * 1_000 - abandonedAfterMs && immutableUntil <= now * 1_000) {
        await remove({ signal });
      }
    }
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
