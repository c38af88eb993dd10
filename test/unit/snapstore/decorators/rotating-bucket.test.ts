import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bucket, Upload } from '../../../../src/snapstore/bucket.ts';
import { RotatingBucket } from '../../../../src/snapstore/decorators/rotating-bucket.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { jumpingClock } from '../../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { collected } from '../../../support/fixtures/byte-streams.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

const signal = new AbortController().signal;

const surroundings = () => ({ log: new RecordedLog(), clock: jumpingClock() });

/** A provider whose credentials tests rotate; each opening gives a bucket of its own over the same objects. */
function provider() {
  const memory = memoryBucket();
  const state = { credentials: '1', opened: 0, closed: [] as number[], failure: undefined as Error | undefined };
  const rotating = {
    state: () => (state.failure === undefined ? Promise.resolve(state.credentials) : Promise.reject(state.failure)),
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
      return Promise.resolve({ bucket, state: state.credentials });
    },
  };
  return { memory, state, rotating };
}

test('the bucket is opened anew only when the credentials changed', async () => {
  const { rotating, state } = provider();
  const bucket = await RotatingBucket.open(rotating, surroundings());
  await Array.fromAsync(bucket.list('', { signal }));
  assert.equal(state.opened, 1);
  state.credentials = '2';
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
  const open = () => Promise.resolve({ bucket, state: '1' });
  const rotating = await RotatingBucket.open({ state: () => Promise.resolve('1'), open }, surroundings());
  for (const key of ['able', 'unable']) {
    const upload = await rotating.beginUpload(key, { signal, partSize: 5 });
    assert.equal(await upload.linkFile?.('/prepared', { signal }), key === 'able');
    await upload.abort({ signal });
  }
});

test('an upload and a read end with the credentials they began with, which are closed after them', async () => {
  const { rotating, state, memory } = provider();
  await memory.fill(['old']);
  const bucket = await RotatingBucket.open(rotating, surroundings());
  const upload = await bucket.beginUpload('key', { signal, partSize: 5 });
  const body = await bucket.read('old', { signal });
  state.credentials = '2';
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
  const bucket = await RotatingBucket.open(rotating, { ...surroundings(), log });
  state.failure = new Error('the file is half written');
  assert.equal((await Array.fromAsync(bucket.list('', { signal }))).length, 1);
  assert.match(String(log.lines[0]?.fields['error']), /half written/);
  state.failure = undefined;
  state.credentials = '3';
  await bucket.delete('key', { signal });
  assert.equal(state.opened, 2);
});

/** Each operation of a bucket, refused with `denied`. */
const DENIED: Readonly<Record<string, (bucket: Bucket) => Promise<unknown>>> = {
  list: (bucket) => Array.fromAsync(bucket.list('', { signal })),
  read: (bucket) => bucket.read('key', { signal }),
  beginUpload: (bucket) => bucket.beginUpload('key', { signal, partSize: 5 }),
  writePart: async (bucket) => {
    const upload = await bucket.beginUpload('key', { signal, partSize: 5 });
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('x') }, { signal });
  },
  complete: async (bucket) => {
    const upload = await bucket.beginUpload('key', { signal, partSize: 5 });
    await upload.complete({ parts: 0, size: 0 }, { signal });
  },
  delete: (bucket) => bucket.delete('key', { signal }),
};

for (const [operation, attempt] of Object.entries(DENIED)) {
  test(`after a denial the bucket is opened again, though no file has changed: ${operation}`, async () => {
    const memory = memoryBucket();
    const denied = new StoreError('denied', { action: operation, object: 'key', found: 'the store answered 403' });
    const refuse = (): Promise<never> => Promise.reject(denied);
    let opened = 0;
    const open = () => {
      opened += 1;
      const first = opened === 1;
      const beginUpload = async (...args: Parameters<Bucket['beginUpload']>): Promise<Upload> => ({
        ...(await memory.beginUpload(...args)),
        ...(first && (operation === 'writePart' || operation === 'complete') && { [operation]: refuse }),
      });
      const list = () => Array.fromAsync([refuse()]);
      const bucket: Bucket = {
        ...memory,
        beginUpload,
        ...(first &&
          operation === 'list' && {
            list: async function* () {
              yield* await list();
            },
          }),
        ...(first && ['read', 'beginUpload', 'delete'].includes(operation) && { [operation]: refuse }),
      };
      return Promise.resolve({ bucket, state: 'always the same' });
    };
    const { log, clock } = surroundings();
    const provider = { state: () => Promise.resolve('always the same'), open };
    const bucket = await RotatingBucket.open(provider, { log, clock });
    await assert.rejects(attempt(bucket), { kind: 'denied' });
    await Array.fromAsync(bucket.list('other', { signal })).catch(() => undefined);
    assert.equal(opened, 1, 'a right that lacks for good does not open it again and again');
    clock.advance(5_000);
    await Array.fromAsync(bucket.list('', { signal }));
    assert.equal(opened, 2);
    assert.deepEqual(log.texts, ['the store was opened again']);
    clock.advance(60_000);
    await Array.fromAsync(bucket.list('', { signal }));
    assert.equal(opened, 2, 'without another denial it stays');
  });
}
