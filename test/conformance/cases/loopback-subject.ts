import type { Bucket } from '../../../src/snapstore/bucket.ts';
import type { OpenedSubject } from './bucket-rig.ts';

/** A bucket on a server of our own in this process, which ends with it and takes objects without a request. */
export function loopbackSubject(
  bucket: Bucket,
  server: AsyncDisposable & { readonly space: { put(key: string, bytes: Buffer): unknown } },
): OpenedSubject {
  return {
    bucket,
    release: async () => await server[Symbol.asyncDispose](),
    fill: async (keys) => {
      for (const key of keys) {
        server.space.put(key, Buffer.from('x'));
      }
    },
  };
}
