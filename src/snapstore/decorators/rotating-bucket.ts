import { finished, type Readable } from 'node:stream';
import type { Logger } from '../../runtime/log/logger.ts';
import type {
  Bucket,
  BucketTraits,
  CallOptions,
  ListOptions,
  ObjectEntry,
  ReadOptions,
  Upload,
  VersionOptions,
} from '../bucket.ts';
import type { BucketProvider, OpenedBucket } from '../bucket-provider.ts';

/** A bucket opened with one state of the credentials, and how many calls still use it. */
interface Generation extends OpenedBucket {
  users: number;
  retired: boolean;
}

/**
 * A bucket that is opened anew when its credentials were rotated. They are checked before each listing, read, upload and
 * delete; a call ends with the credentials it began with. While new credentials cannot be read, the old stay in use.
 */
export class RotatingBucket implements Bucket {
  readonly #provider: BucketProvider;
  readonly #log: Logger;
  #current: Generation;
  #renewal: Promise<void> | undefined;

  private constructor(provider: BucketProvider, opened: OpenedBucket, log: Logger) {
    this.#provider = provider;
    this.#log = log;
    this.#current = { ...opened, users: 0, retired: false };
  }

  /** Opens the bucket for the first time. Throws what the provider throws. */
  static async open(provider: BucketProvider, log: Logger): Promise<RotatingBucket> {
    return new RotatingBucket(provider, await provider.open(), log);
  }

  get traits(): BucketTraits {
    return this.#current.bucket.traits;
  }

  get location(): string {
    return this.#current.bucket.location;
  }

  async exists(options: CallOptions): Promise<boolean> {
    const generation = await this.#enter();
    try {
      return (await generation.bucket.exists?.(options)) ?? true;
    } finally {
      this.#leave(generation);
    }
  }

  async *list(prefix: string, options: ListOptions): AsyncGenerator<ObjectEntry, void, undefined> {
    const generation = await this.#enter();
    try {
      yield* generation.bucket.list(prefix, options);
    } finally {
      this.#leave(generation);
    }
  }

  async read(key: string, options: ReadOptions): Promise<Readable> {
    const generation = await this.#enter();
    try {
      const body = await generation.bucket.read(key, options);
      finished(body, () => this.#leave(generation));
      return body;
    } catch (error) {
      this.#leave(generation);
      throw error;
    }
  }

  async beginUpload(key: string, options: CallOptions & { readonly partSize: number }): Promise<Upload> {
    const generation = await this.#enter();
    try {
      const upload = await generation.bucket.beginUpload(key, options);
      return this.#watched(upload, generation);
    } catch (error) {
      this.#leave(generation);
      throw error;
    }
  }

  async delete(key: string, options: VersionOptions): Promise<void> {
    const generation = await this.#enter();
    try {
      await generation.bucket.delete(key, options);
    } finally {
      this.#leave(generation);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#renewal;
    await this.#current.bucket[Symbol.asyncDispose]();
  }

  /** The upload, which counts as a user of its generation until it is complete or aborted. */
  #watched(upload: Upload, generation: Generation): Upload {
    let present = true;
    const leave = (): void => {
      if (present) {
        present = false;
        this.#leave(generation);
      }
    };
    return {
      leftovers: upload.leftovers,
      linkFile: (path, options) => upload.linkFile?.(path, options) ?? Promise.resolve(false),
      writePart: (part, options) => upload.writePart(part, options),
      complete: async (whole, options) => {
        const entry = await upload.complete(whole, options);
        leave();
        return entry;
      },
      abort: async (options) => {
        try {
          await upload.abort(options);
        } finally {
          leave();
        }
      },
    };
  }

  async #enter(): Promise<Generation> {
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    await this.#renewal;
    this.#current.users += 1;
    return this.#current;
  }

  #leave(generation: Generation): void {
    generation.users -= 1;
    this.#closeWhenUnused(generation);
  }

  async #renew(): Promise<void> {
    const old = this.#current;
    try {
      if ((await this.#provider.modifiedAt()) === old.modifiedAt) {
        return;
      }
      this.#current = { ...(await this.#provider.open()), users: 0, retired: false };
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      this.#log.warn({ error: found }, 'the store keeps its old credentials: new ones cannot be read');
      return;
    }
    this.#log.info({ store: old.bucket.location }, 'the store has new credentials');
    old.retired = true;
    this.#closeWhenUnused(old);
  }

  #closeWhenUnused({ retired, users, bucket }: Generation): void {
    if (retired && users === 0) {
      bucket[Symbol.asyncDispose]().then(undefined, (error: unknown) => {
        const found = error instanceof Error ? error.message : String(error);
        this.#log.warn({ error: found }, 'the connections of old credentials could not be closed');
      });
    }
  }
}
