import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Bucket, BucketTraits, ObjectEntry, ReadOptions, UploadPart } from '../../../src/snapstore/bucket.ts';
import { checkListedSize } from '../../../src/snapstore/listed-size.ts';
import { lengthOfRange } from '../../../src/snapstore/range-answer.ts';
import { StoreError, type StoreErrorKind } from '../../../src/snapstore/store-error.ts';

/** A bucket in memory that keeps the contract of real ones. */
export interface MemoryBucket extends Bucket {
  /** The objects by key. Tests may look and change. */
  readonly objects: Map<string, { bytes: Buffer; entry: ObjectEntry }>;
  /** Puts objects of 1 byte. */
  fill(keys: readonly string[]): Promise<void>;
}

/** An empty {@link MemoryBucket}. */
export function memoryBucket(traits: Partial<BucketTraits> = {}): MemoryBucket {
  const objects: MemoryBucket['objects'] = new Map();
  const location = 'memory://bucket';
  const failure = (kind: StoreErrorKind, action: string, key: string, found: string): StoreError =>
    new StoreError(kind, { action, object: `${location}/${key}`, found });
  return {
    objects,
    async fill(keys) {
      for (const key of keys) {
        objects.set(key, { bytes: Buffer.from('x'), entry: { key, size: 1, modifiedAt: Date.now() } });
      }
    },
    location,
    traits: { maxParts: 10_000, minPartSize: 0, partsAreData: false, partDigests: [], ...traits },
    async *list(prefix, { signal }) {
      signal.throwIfAborted();
      for (const [key, { entry }] of [...objects]) {
        signal.throwIfAborted();
        if (key.startsWith(prefix)) {
          yield entry;
        }
      }
    },
    async *folders(folder, { signal }) {
      signal.throwIfAborted();
      const below = [...objects.keys()].filter((key) => key.startsWith(folder)).map((key) => key.slice(folder.length));
      yield* new Set(below.flatMap((rest) => (rest.includes('/') ? `${folder}${rest.split('/')[0]}/` : [])));
    },
    async read(key, { signal, range, size, tag }: ReadOptions) {
      signal.throwIfAborted();
      const found = objects.get(key);
      if (found === undefined) {
        throw failure('not_found', 'read', key, 'it does not exist');
      }
      if (range !== undefined && range.start < Math.min(range.end, found.bytes.length)) {
        const last = Math.min(range.end, found.bytes.length) - 1;
        const contentRange = `bytes ${range.start}-${last}/${found.bytes.length}`;
        const answer = { contentRange, length: undefined, tag: createHash('md5').update(found.bytes).digest('hex') };
        lengthOfRange(answer, { range, size, tag }, { action: 'read', object: `${location}/${key}` });
      }
      if (range === undefined) {
        checkListedSize(found.bytes.length, size, { action: 'read', object: `${location}/${key}` });
      }
      const bytes = range === undefined ? found.bytes : found.bytes.subarray(range.start, range.end);
      const body = Readable.from(slices(bytes), { objectMode: false });
      const abort = (): void => {
        body.destroy(signal.reason);
      };
      signal.addEventListener('abort', abort, { once: true });
      body.once('close', () => signal.removeEventListener('abort', abort));
      return body;
    },
    async beginUpload(key, { signal }) {
      signal.throwIfAborted();
      const parts = new Map<number, Buffer>();
      return {
        leftovers: `parts of ${location}/${key}`,
        async writePart(part: UploadPart, options) {
          options.signal.throwIfAborted();
          parts.set(part.number, Buffer.from(part.bytes));
          await Promise.resolve();
        },
        async complete(whole, options) {
          options.signal.throwIfAborted();
          const ordered = [...parts].sort(([a], [b]) => a - b);
          const bytes = Buffer.concat(ordered.map(([, part]) => part));
          const numbered = ordered.every(([number], at) => number === at + 1);
          if (!numbered || parts.size !== whole.parts || bytes.length !== whole.size) {
            throw failure('invalid', 'complete the upload of', key, 'parts are missing');
          }
          const entry = { key, size: bytes.length, modifiedAt: Date.now() };
          objects.set(key, { bytes, entry });
          return entry;
        },
        abort: () => Promise.resolve(parts.clear()),
      };
    },
    async delete(key, { signal }) {
      signal.throwIfAborted();
      if (!objects.delete(key)) {
        throw failure('not_found', 'delete', key, 'it does not exist');
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) {
    yield bytes.subarray(at, at + 65_536);
  }
}
