import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bucket } from '../../../../src/snapstore/bucket.ts';
import { RotatingBucket } from '../../../../src/snapstore/decorators/rotating-bucket.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { collected } from '../../../support/fixtures/byte-streams.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

const signal = new AbortController().signal;

/** A provider whose credentials tests rotate; each opening gives a bucket of its own over the same objects. */
function provider() {
  const memory = memoryBucket();
  const state = { modifiedAt: 1, opened: 0, closed: [] as number[], failure: undefined as Error | undefined };
  const rotating = {
    modifiedAt: () => (state.failure === undefined ? Promise.resolve(state.modifiedAt) : Promise.reject(state.failure)),
    open: () => {
      state.opened += 1;
      const number = state.opened;
      const bucket: Bucket = {
        ...memory,
        [Symbol.asyncDispose]() {
          state.closed.push(number);
          return Promise.resolve();
        },
      };
      return Promise.resolve({ bucket, modifiedAt: state.modifiedAt });
    },
  };
  return { memory, state, rotating };
}

test('the bucket is opened anew only when the credentials changed', async () => {
  const { rotating, state } = provider();
  const bucket = await RotatingBucket.open(rotating, new RecordedLog());
  await Array.fromAsync(bucket.list('', { signal }));
  assert.equal(state.opened, 1);
  state.modifiedAt = 2;
  await Promise.all([Array.fromAsync(bucket.list('', { signal })), Array.fromAsync(bucket.list('', { signal }))]);
  assert.equal(state.opened, 2);
  assert.deepEqual(state.closed, [1]);
  await bucket[Symbol.asyncDispose]();
  assert.deepEqual(state.closed, [1, 2]);
});

test('an upload links a file where the bucket can, and says so where it cannot', async () => {
  const memory = memoryBucket();
  const bucket: Bucket = {
    ...memory,
    async beginUpload(key, options) {
      const upload = await memory.beginUpload(key, options);
      return key === 'able' ? { ...upload, linkFile: (path) => Promise.resolve(path === '/prepared') } : upload;
    },
  };
  const open = () => Promise.resolve({ bucket, modifiedAt: 1 });
  const rotating = await RotatingBucket.open({ modifiedAt: () => Promise.resolve(1), open }, new RecordedLog());
  for (const key of ['able', 'unable']) {
    const upload = await rotating.beginUpload(key, { signal, partSize: 5 });
    assert.equal(await upload.linkFile?.('/prepared', { signal }), key === 'able');
    await upload.abort({ signal });
  }
});

test('an upload and a read end with the credentials they began with, which are closed after them', async () => {
  const { rotating, state, memory } = provider();
  await memory.fill(['old']);
  const bucket = await RotatingBucket.open(rotating, new RecordedLog());
  const upload = await bucket.beginUpload('key', { signal, partSize: 5 });
  const body = await bucket.read('old', { signal });
  state.modifiedAt = 2;
  await Array.fromAsync(bucket.list('', { signal }));
  assert.equal(state.opened, 2);
  assert.deepEqual(state.closed, []);
  await collected(body);
  assert.deepEqual(state.closed, []);
  await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('x') }, { signal });
  await upload.complete({ parts: 1, size: 1 }, { signal });
  await upload.abort({ signal });
  assert.deepEqual(state.closed, [1]);
});

test('while new credentials cannot be read, the old stay in use', async () => {
  const { rotating, state, memory } = provider();
  await memory.fill(['key']);
  const log = new RecordedLog();
  const bucket = await RotatingBucket.open(rotating, log);
  state.failure = new Error('the file is half written');
  assert.equal((await Array.fromAsync(bucket.list('', { signal }))).length, 1);
  assert.match(String(log.lines[0]?.fields['error']), /half written/);
  state.failure = undefined;
  state.modifiedAt = 3;
  await bucket.delete('key', { signal });
  assert.equal(state.opened, 2);
});
