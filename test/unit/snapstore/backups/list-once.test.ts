import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listOnce } from '../../../../src/snapstore/backups/list-once.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

const signal = new AbortController().signal;

for (const size of [-1, Number.NaN, 0.5, Number.POSITIVE_INFINITY, 2 ** 60]) {
  test(`an object with ${size} bytes is none that a store can have`, async () => {
    const bucket = memoryBucket();
    const key = 'v2/Full-00000000-00000058-1795251532.gz';
    bucket.objects.set(key, { bytes: Buffer.alloc(1), entry: { key, size, modifiedAt: 0 } });
    await assert.rejects(Array.fromAsync(listOnce(bucket, 'v2/', { signal })), {
      code: 'store_invalid',
      message: /an object is listed with \S+ bytes, which is no size; see what is on the way to the store/,
    });
  });
}
