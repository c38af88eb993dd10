import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listOnce } from '../../../../src/snapstore/backups/list-once.ts';
import type { Bucket } from '../../../../src/snapstore/bucket.ts';
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

test('a listing that goes on for ever is an error, whether it shows new objects or the same ones', async () => {
  for (const keyOf of [(at: number) => `v2/${at}`, () => 'v2/same']) {
    let listed = 0;
    const endless: Pick<Bucket, 'list' | 'location'> = {
      location: 'memory://bucket',
      async *list() {
        for (;;) {
          listed += 1;
          assert.ok(listed < 100, 'it is read to its end, which there is not');
          yield { key: keyOf(listed), size: 1, modifiedAt: 0 };
        }
      },
    };
    await assert.rejects(Array.fromAsync(listOnce(endless, 'v2/', { signal, most: 10 })), {
      code: 'store_invalid',
      message: /^cannot list memory:\/\/bucket\/v2\/: it has more than 10 objects; see whether/,
    });
  }
});

test('a listing with as many objects as there may be is whole', async () => {
  const bucket = memoryBucket();
  await bucket.fill(['v2/1', 'v2/2', 'v2/3']);
  assert.equal((await Array.fromAsync(listOnce(bucket, 'v2/', { signal, most: 3 }))).length, 3);
});
