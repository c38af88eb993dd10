import type { Bucket, Upload } from '../../../src/snapstore/bucket.ts';
import { type RetryPolicy, retryTransient } from '../../../src/snapstore/retry-transient.ts';
import { briskClock } from '../clock/brisk-clock.ts';

/** Real waits of 25, 50 and 100 ms. */
const policy: RetryPolicy = { firstMs: 500, multiplier: 2, longestMs: 2_000, retries: 3 };

/**
 * A bucket of a real server in which the calls that adapters leave to their callers are tried again: on a busy machine a server may end a
 * connection at the moment in which it is used again, and that says nothing about the adapter.
 */
export function steadyBucket(bucket: Bucket): Bucket {
  return withMethods(bucket, {
    beginUpload: async (key, options) => {
      const upload = await steadily(options.signal, () => bucket.beginUpload(key, options));
      return withMethods(upload, {
        writePart: (part, call) => steadily(call.signal, () => upload.writePart(part, call)),
      });
    },
  });
}

async function steadily<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  return await retryTransient(attempt, { clock: briskClock(), signal, policy });
}

/** The same object with other methods in place of some; its own still work on its private fields. */
function withMethods<T extends Bucket | Upload>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      const own: unknown = Reflect.get(methods, name);
      const value: unknown = own ?? Reflect.get(target, name, target);
      return own === undefined && typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
