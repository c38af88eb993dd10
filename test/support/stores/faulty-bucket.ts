import type { Bucket, Upload } from '../../../src/snapstore/bucket.ts';

/** Calls that can be made to fail. */
export type BucketCall = 'list' | 'folders' | 'read' | 'beginUpload' | 'writePart' | 'complete' | 'abort' | 'delete';

/** A bucket that counts calls and fails on demand. */
export interface FaultyBucket extends Bucket {
  /** How often each call was made. */
  readonly calls: Readonly<Record<BucketCall, number>>;
  /** Makes the next `times` calls fail with what `error` gives; they reach the bucket below only after that. */
  fail(call: BucketCall, error: () => unknown, times?: number): void;
  /** Makes all further calls of this kind wait until their signal aborts. */
  stall(call: 'writePart' | 'beginUpload' | 'complete' | 'abort'): void;
}

/** Wraps `bucket` so that tests can make its calls fail. */
export function faultyBucket(bucket: Bucket): FaultyBucket {
  const calls = { list: 0, folders: 0, read: 0, beginUpload: 0, writePart: 0, complete: 0, abort: 0, delete: 0 };
  const faults = new Map<BucketCall, { error: () => unknown; times: number }>();
  const stalled = new Set<BucketCall>();
  const pass = async (call: BucketCall, signal?: AbortSignal): Promise<void> => {
    calls[call] += 1;
    if (stalled.has(call) && signal !== undefined) {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    }
    const fault = faults.get(call);
    if (fault !== undefined && fault.times > 0) {
      fault.times -= 1;
      throw fault.error();
    }
  };
  const wrapped = (upload: Upload): Upload => ({
    leftovers: upload.leftovers,
    async writePart(part, options) {
      await pass('writePart', options.signal);
      await upload.writePart(part, options);
    },
    async complete(whole, options) {
      await pass('complete', options.signal);
      return await upload.complete(whole, options);
    },
    async abort(options) {
      await pass('abort', options.signal);
      await upload.abort(options);
    },
  });
  return {
    calls,
    traits: bucket.traits,
    location: bucket.location,
    fail: (call, error, times = 1) => faults.set(call, { error, times }),
    stall: (call) => stalled.add(call),
    async *list(prefix, options) {
      await pass('list', options.signal);
      yield* bucket.list(prefix, options);
    },
    async *folders(folder, options) {
      await pass('folders', options.signal);
      yield* bucket.folders(folder, options);
    },
    async read(key, options) {
      await pass('read', options.signal);
      return await bucket.read(key, options);
    },
    async beginUpload(key, options) {
      await pass('beginUpload', options.signal);
      return wrapped(await bucket.beginUpload(key, options));
    },
    async delete(key, options) {
      await pass('delete', options.signal);
      await bucket.delete(key, options);
    },
    [Symbol.asyncDispose]: () => bucket[Symbol.asyncDispose](),
  };
}
