import assert from 'node:assert/strict';
import type { Environment } from '../../../src/runtime/environment.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import type { Bucket, ObjectEntry } from '../../../src/snapstore/bucket.ts';
import type { RequestTimeouts } from '../../../src/snapstore/http/store-requests.ts';
import type { StoreConfig } from '../../../src/snapstore/registry.ts';
import { uploadInChunks } from '../../../src/snapstore/upload/uploader.ts';
import { briskClock } from '../../support/clock/brisk-clock.ts';
import { quietLogger } from '../../support/context/quiet-logger.ts';
import { collected, inPieces } from '../../support/fixtures/byte-streams.ts';
import { type FaultProxy, startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { CHUNK } from './bucket-rig.ts';

/** A store that is reached over a broken network. */
export interface FaultSubject {
  /** Its name in the report: `Swift`. */
  readonly name: string;
  /**
   * Which half of the faults it meets, where its server takes long; left out: all, as where `STORE_OBJECTS` is set (`make test-stores`).
   */
  readonly half?: 0 | 1;
  open(): Promise<OpenedFaultSubject>;
}

/** A running store with an empty container. */
export interface OpenedFaultSubject {
  /** The store's own address, `http://HOST:PORT`. */
  readonly target: string;
  /** Opens the container through a proxy, given its address. */
  bucket(endpoint: string, timeouts: RequestTimeouts): Promise<Bucket>;
  /** How a process of its own opens it through a proxy. */
  process(endpoint: string): Promise<{
    readonly config: Pick<StoreConfig, 'provider' | 'container' | 'endpointOverride'>;
    readonly environment: Environment;
  }>;
  /** The operation of a {@link FaultProxy} that uploads a part. */
  readonly part: RegExp;
  /** The one that downloads an object's bytes; by default `GET` of its path. */
  readonly download?: RegExp;
  /** Keys below the prefix of which unfinished uploads hold parts that no listing shows; left out where there is no such thing. */
  hidden?(prefix: string): Promise<readonly string[]>;
  release(): Promise<void>;
}

/** Long enough for a slow machine; retries at once. */
export const ampleTimeouts: RequestTimeouts = {
  requestMs: 30_000,
  partMs: 30_000,
  stallMs: 30_000,
  retries: { firstMs: 10, multiplier: 2, longestMs: 40, retries: 3 },
};

/** For a store that does not answer now and then: a retry comes soon, and still after a slow machine's usual time. */
export const briskTimeouts: RequestTimeouts = {
  requestMs: 5000,
  partMs: 8000,
  stallMs: 5000,
  retries: { firstMs: 10, multiplier: 2, longestMs: 40, retries: 3 },
};

/** For stores that never answer. */
export const shortTimeouts: RequestTimeouts = {
  requestMs: 400,
  partMs: 400,
  stallMs: 400,
  retries: { firstMs: 10, multiplier: 1, longestMs: 10, retries: 1 },
};

/** A container that is reached both directly and through proxies that break things. */
export class FaultRig {
  readonly subject: FaultSubject;
  readonly signal = new AbortController().signal;
  #opened: OpenedFaultSubject | undefined;
  #direct: Bucket | undefined;
  #folders = 0;

  constructor(subject: FaultSubject) {
    this.subject = subject;
  }

  async open(): Promise<void> {
    this.#opened = await this.subject.open();
    this.#direct = await this.#opened.bucket(this.#opened.target, ampleTimeouts);
  }

  async close(): Promise<void> {
    await this.#direct?.[Symbol.asyncDispose]();
    await this.#opened?.release();
  }

  get opened(): OpenedFaultSubject {
    assert.ok(this.#opened !== undefined, 'the store is open');
    return this.#opened;
  }

  /** Without a proxy, to see what the store really holds. */
  get direct(): Bucket {
    assert.ok(this.#direct !== undefined, 'the store is open');
    return this.#direct;
  }

  /** Those of the faults that this store meets. */
  readonly met = <T>(faults: Readonly<Record<string, T>>): readonly (readonly [title: string, fault: T])[] =>
    Object.entries(faults).filter(
      (_, at) => process.env['STORE_OBJECTS'] !== undefined || at % 2 === (this.subject.half ?? at % 2),
    );

  /** For faults that take their time: true for one request of each kind. */
  readonly isSlowKind = (operation: string): boolean =>
    this.opened.part.test(operation) || (this.opened.download ?? /^GET$/).test(operation) || /^DELETE/.test(operation);

  readonly freshFolder = (): string => {
    this.#folders += 1;
    return `faults-${this.#folders}/`;
  };

  /** A bucket that is reached through a proxy. Both end with what is returned. */
  async through(
    timeouts: RequestTimeouts,
  ): Promise<AsyncDisposable & { readonly proxy: FaultProxy; readonly bucket: Bucket }> {
    const proxy = await startFaultProxy(this.opened.target);
    const bucket = await this.opened.bucket(proxy.endpoint, timeouts);
    return {
      proxy,
      bucket,
      [Symbol.asyncDispose]: async () => {
        await bucket[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
      },
    };
  }

  readonly save = (bucket: Bucket, key: string, bytes: Buffer): Promise<ObjectEntry> =>
    uploadInChunks(
      bucket,
      { key, body: inPieces(bytes, 1_000_003), sizeBound: bytes.length, signal: this.signal },
      { parallel: 2, minChunkSize: CHUNK, clock: briskClock(), log: quietLogger },
    );

  readonly read = async (bucket: Bucket, key: string): Promise<Buffer> =>
    await collected(await bucket.read(key, { signal: this.signal }));

  readonly list = async (bucket: Bucket, prefix: string): Promise<string[]> =>
    (await Array.fromAsync(bucket.list(prefix, { signal: this.signal }))).map(({ key }) => key).sort();

  /** Fails when something is below the folder, shown by listings or not. */
  async assertNothingBelow(folder: string): Promise<void> {
    assert.deepEqual(await this.list(this.direct, folder), []);
    const hidden = (await this.opened.hidden?.(folder)) ?? [];
    assert.deepEqual(hidden, []);
  }
}

/** The clock adapters wait with; what they wait for in these cases is short. */
export const clock = systemClock;
