import { buffer } from 'node:stream/consumers';
import type { Bucket, ObjectEntry } from '../../../src/snapstore/bucket.ts';
import type { RequestTimeouts } from '../../../src/snapstore/http/store-requests.ts';

const { signal } = new AbortController();

/** Long enough for a slow machine; retries at once. */
export const longTimeouts: RequestTimeouts = {
  requestMs: 30_000,
  partMs: 30_000,
  stallMs: 30_000,
  retries: { firstMs: 1, multiplier: 1, longestMs: 1, retries: 2 },
};

/** For tests of deadlines: shorter, but long enough for a busy machine to answer what it is asked. */
export const shortTimeouts: RequestTimeouts = { ...longTimeouts, requestMs: 1500, partMs: 1500, stallMs: 1000 };

/** Uploads `bytes` in parts of `partSize`, the last one first, as no store may depend on their order. */
export async function uploadInParts(
  bucket: Bucket,
  key: string,
  bytes: Buffer,
  partSize = bytes.length,
): Promise<ObjectEntry> {
  const upload = await bucket.beginUpload(key, { signal, partSize });
  const parts = bytes.length === 0 ? 0 : Math.ceil(bytes.length / partSize);
  for (let number = parts; number >= 1; number -= 1) {
    const offset = (number - 1) * partSize;
    await upload.writePart({ number, offset, bytes: bytes.subarray(offset, offset + partSize) }, { signal });
  }
  return await upload.complete({ parts, size: bytes.length }, { signal });
}

/** All that a listing shows. */
export async function listed(bucket: Bucket, prefix = ''): Promise<ObjectEntry[]> {
  return await Array.fromAsync(bucket.list(prefix, { signal }));
}

/** An object's bytes. */
export async function readWhole(bucket: Bucket, key: string): Promise<Buffer> {
  return await buffer(await bucket.read(key, { signal }));
}
