import { Readable } from 'node:stream';
import type { Bucket, ObjectEntry } from '../../src/snapstore/bucket.ts';
import { StoreError, type StoreErrorKind } from '../../src/snapstore/store-error.ts';
import type { Random } from '../support/fixtures/random.ts';
import type { RandomStreams } from './random-streams.ts';
import type { SimulatedProcess, Travel } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How a store is. */
export type StoreMood =
  | 'well'
  /** Each call takes seconds. */
  | 'slow'
  /** Calls fail, before or after their effect. */
  | 'failing'
  /** Half of the uploads become visible, and nobody is told. */
  | 'losing answers'
  | 'down';

/** One object of a {@link ModelStore}. */
export interface ModelObject {
  readonly bytes: Buffer;
  readonly entry: ObjectEntry;
}

/** What a model store tells. */
export interface StoreListener {
  /** A process begins to upload an object. */
  beginning(key: string, writer: SimulatedProcess): void;
  /** A process asks for an object to become visible. */
  publishing(key: string, writer: SimulatedProcess): void;
  /** An object has become visible. */
  visible(key: string, object: ModelObject, writer: SimulatedProcess): void;
  /** A process asks for the deletion of an object. */
  askingToDelete(key: string, by: SimulatedProcess): void;
  /** An object is about to be deleted. */
  deleting(key: string, by: SimulatedProcess): void;
}

/** Waits within one call to a store, ms. */
const usualMs = 30;
const slowMs = 15_000;

/** A store that several processes use: calls take their time, fail, or succeed without their answer; listings come in any order. */
export class ModelStore {
  readonly objects = new Map<string, ModelObject>();
  /** Processes that do not reach it. */
  readonly unreachable = new Set<SimulatedProcess>();
  mood: StoreMood = 'well';
  readonly #time: VirtualTime;
  readonly #streams: RandomStreams;
  readonly #listener: StoreListener;

  constructor(parts: {
    readonly time: VirtualTime;
    readonly streams: RandomStreams;
    readonly listener: StoreListener;
  }) {
    this.#time = parts.time;
    this.#streams = parts.streams;
    this.#listener = parts.listener;
  }

  /** What a process sees of it. */
  bucketOf(process: SimulatedProcess): Bucket {
    const call = <T>(name: string, effect: () => T, signal: AbortSignal): Promise<T> =>
      this.#call(process, { name, effect }, signal);
    return {
      location: 'model',
      traits: { maxParts: 10_000, minPartSize: 0, partsAreData: false, partDigests: [] },
      list: (prefix, { signal }) => this.#list(process, prefix, signal),
      folders: () => {
        throw new Error('no sidecar asks for folders');
      },
      read: async (key, { signal, range }) => {
        const bytes = await call(`read ${key}`, () => this.#object(key).bytes, signal);
        return Readable.from([range === undefined ? bytes : bytes.subarray(range.start, range.end)], {
          objectMode: false,
        });
      },
      beginUpload: async (key, { signal }) => {
        const parts = new Map<number, Buffer>();
        let isGone = false;
        this.#listener.beginning(key, process);
        await call(`begin ${key}`, () => undefined, signal);
        return {
          leftovers: `parts of ${key}`,
          writePart: async ({ number, bytes }, options) => {
            const copy = Buffer.from(bytes);
            await call(`part ${number} of ${key}`, () => void parts.set(number, copy), options.signal);
            process.partWritten();
          },
          complete: (whole, options) => {
            const complete = (): ObjectEntry => {
              if (isGone) {
                throw failure('not_found', 'complete', key, 'there is no such upload');
              }
              return this.#complete(process, key, { parts, whole });
            };
            this.#listener.publishing(key, process);
            return call(`complete ${key}`, complete, options.signal);
          },
          abort: async () => {
            const abort = (): void => {
              isGone = true;
            };
            await process
              .call(abort, { thereMs: this.#streams.of(`${process.name} abort ${key}`).integer(200), backMs: 10 })
              .catch(() => undefined);
          },
        };
      },
      delete: (key, { signal }) => {
        const remove = (): void => {
          this.#object(key);
          this.#listener.deleting(key, process);
          this.objects.delete(key);
        };
        this.#listener.askingToDelete(key, process);
        const deleted = call(`delete ${key}`, remove, signal);
        process.deletionAsked();
        return deleted;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  async *#list(process: SimulatedProcess, prefix: string, signal: AbortSignal): AsyncGenerator<ObjectEntry> {
    const entries = await this.#call(
      process,
      {
        name: 'list',
        effect: () => [...this.objects.values()].map(({ entry }) => entry).filter(({ key }) => key.startsWith(prefix)),
      },
      signal,
    );
    const random = this.#streams.of(`${process.name} order`);
    for (let left = entries.length; left > 0; left--) {
      const [entry] = entries.splice(random.integer(left), 1);
      if (entry !== undefined) {
        yield entry;
      }
    }
  }

  #complete(
    process: SimulatedProcess,
    key: string,
    {
      parts,
      whole,
    }: {
      readonly parts: ReadonlyMap<number, Buffer>;
      readonly whole: { readonly parts: number; readonly size: number };
    },
  ): ObjectEntry {
    const bytes = Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, part]) => part));
    if (parts.size !== whole.parts || bytes.length !== whole.size) {
      throw failure('invalid', 'complete', key, 'parts are missing');
    }
    const object = { bytes, entry: { key, size: bytes.length, modifiedAt: this.#time.now } };
    this.objects.set(key, object);
    this.#listener.visible(key, object, process);
    return object.entry;
  }

  #object(key: string): ModelObject {
    const object = this.objects.get(key);
    if (object === undefined) {
      throw failure('not_found', 'find', key, 'it is not there');
    }
    return object;
  }

  #call<T>(
    process: SimulatedProcess,
    { name, effect }: { readonly name: string; readonly effect: () => T },
    signal: AbortSignal,
  ): Promise<T> {
    const random = this.#streams.of(`${process.name} ${name}`);
    const guarded = (): T => {
      const isOut = this.mood === 'down' || this.unreachable.has(process);
      if (isOut || (this.mood === 'failing' && random.oneIn(3))) {
        throw failure('transient', name, '', 'the store is out of order');
      }
      const result = effect();
      const loses = this.mood === 'losing answers' && name.startsWith('complete') && random.oneIn(2);
      if (loses || (this.mood === 'failing' && random.oneIn(4))) {
        throw failure('transient', name, '', 'the answer was lost');
      }
      return result;
    };
    return process.call(guarded, this.#travel(random), signal);
  }

  #travel(random: Random): Travel {
    const most = this.mood === 'slow' ? slowMs : usualMs;
    return { thereMs: random.integer(most), backMs: random.integer(most) };
  }
}

function failure(kind: StoreErrorKind, action: string, key: string, found: string): StoreError {
  return new StoreError(kind, { action, object: `model/${key}`, found });
}
