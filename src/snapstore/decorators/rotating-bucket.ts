import { finished, type Readable } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type {
  Bucket,
  BucketTraits,
  CallOptions,
  ListOptions,
  ObjectEntry,
  ReadOptions,
  Upload,
  UploadOptions,
  VersionOptions,
} from '../bucket.ts';
import type { BucketProvider, OpenedBucket } from '../bucket-provider.ts';
import type { Leftover } from '../leftover.ts';
import { StoreError } from '../store-error.ts';

/** A bucket opened with one state of the credentials, and how many calls still use it. */
interface Generation extends OpenedBucket {
  users: number;
  retired: boolean;
  /** Since when it may be opened again when the store refuses its credentials, ms of the monotonic clock. */
  readonly openedAt: number;
  /** Whether the store has refused something since. */
  denied: boolean;
}

/** How long a bucket that was refused something is used before it is opened again, ms: a missing right is refused often. */
const reopenAfterMs = 5_000;

/** What the bucket works with. */
interface Surroundings {
  readonly log: Logger;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * A bucket that is opened anew when its credentials were rotated, or after the store has denied something: they may have come from
 * a place that cannot be watched. They are checked before each listing, read, upload and delete; a call ends with the
 * credentials it began with. While new credentials cannot be read, the old stay in use.
 */
export class RotatingBucket implements Bucket {
  readonly #provider: BucketProvider;
  readonly #log: Logger;
  readonly #clock: Surroundings['clock'];
  #current: Generation;
  #renewal: Promise<void> | undefined;

  private constructor(provider: BucketProvider, opened: OpenedBucket, { log, clock }: Surroundings) {
    this.#provider = provider;
    this.#log = log;
    this.#clock = clock;
    this.#current = this.#generation(opened);
  }

  /** Opens the bucket for the first time. Throws what the provider throws. */
  static async open(provider: BucketProvider, surroundings: Surroundings): Promise<RotatingBucket> {
    return new RotatingBucket(provider, await provider.open(), surroundings);
  }

  get traits(): BucketTraits {
    return this.#current.bucket.traits;
  }

  get location(): string {
    return this.#current.bucket.location;
  }

  get directory(): string | undefined {
    return this.#current.bucket.directory;
  }

  async exists(options: CallOptions): Promise<boolean> {
    return await this.#during(async ({ bucket }) => (await bucket.exists?.(options)) ?? true);
  }

  async *list(prefix: string, options: ListOptions): AsyncGenerator<ObjectEntry, void, undefined> {
    const generation = await this.#enter();
    try {
      yield* generation.bucket.list(prefix, options);
    } catch (error) {
      throw noted(error, generation);
    } finally {
      this.#leave(generation);
    }
  }

  async *pages(prefix: string, options: ListOptions): AsyncGenerator<readonly ObjectEntry[], void, undefined> {
    const generation = await this.#enter();
    try {
      const { bucket } = generation;
      if (bucket.pages !== undefined) {
        yield* bucket.pages(prefix, options);
        return;
      }
      for await (const entry of bucket.list(prefix, options)) {
        yield [entry];
      }
    } catch (error) {
      throw noted(error, generation);
    } finally {
      this.#leave(generation);
    }
  }

  async *folders(folder: string, options: CallOptions): AsyncGenerator<string, void, undefined> {
    const generation = await this.#enter();
    try {
      yield* generation.bucket.folders(folder, options);
    } catch (error) {
      throw noted(error, generation);
    } finally {
      this.#leave(generation);
    }
  }

  async *leftovers(prefix: string, options: CallOptions): AsyncGenerator<Leftover, void, undefined> {
    const generation = await this.#enter();
    try {
      yield* generation.bucket.leftovers?.(prefix, options) ?? [];
    } catch (error) {
      throw noted(error, generation);
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
      throw noted(error, generation);
    }
  }

  async beginUpload(key: string, options: UploadOptions): Promise<Upload> {
    const generation = await this.#enter();
    try {
      const upload = await generation.bucket.beginUpload(key, options);
      return this.#watched(upload, generation);
    } catch (error) {
      this.#leave(generation);
      throw noted(error, generation);
    }
  }

  async delete(key: string, options: VersionOptions): Promise<void> {
    await this.#during(({ bucket }) => bucket.delete(key, options));
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
      get leftovers() {
        return upload.leftovers;
      },
      linkFile: (path, options) => upload.linkFile?.(path, options) ?? Promise.resolve(false),
      writePart: async (part, options) => {
        await upload.writePart(part, options).catch((error: unknown) => {
          throw noted(error, generation);
        });
      },
      complete: async (whole, options) => {
        try {
          const entry = await upload.complete(whole, options);
          leave();
          return entry;
        } catch (error) {
          throw noted(error, generation);
        }
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

  #generation(opened: OpenedBucket): Generation {
    return { ...opened, users: 0, retired: false, openedAt: this.#clock.monotonic(), denied: false };
  }

  async #during<T>(call: (generation: Generation) => Promise<T>): Promise<T> {
    const generation = await this.#enter();
    try {
      return await call(generation);
    } catch (error) {
      throw noted(error, generation);
    } finally {
      this.#leave(generation);
    }
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
      const mayHelp = old.denied && this.#clock.monotonic() - old.openedAt >= reopenAfterMs;
      if (!mayHelp && (await this.#provider.state()) === old.state) {
        return;
      }
      this.#current = this.#generation(await this.#provider.open());
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      this.#log.warn({ error: found }, 'the store keeps its old credentials: new ones cannot be read');
      return;
    }
    const text = old.state === this.#current.state ? 'the store was opened again' : 'the store has new credentials';
    this.#log.info({ store: old.bucket.location }, text);
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

/** The error, after it was noted for the next call whether the store refused the credentials. */
function noted(error: unknown, generation: Generation): unknown {
  generation.denied ||= error instanceof StoreError && error.kind === 'denied';
  return error;
}
