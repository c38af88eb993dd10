// Needs a process of its own: it collects all garbage again and again, which takes long where other files have left some.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Bucket } from '../../../../src/snapstore/bucket.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { BufferPool } from '../../../../src/snapstore/upload/buffer-pool.ts';
import { leastChunkSize, planChunkSize } from '../../../../src/snapstore/upload/chunk-plan.ts';
import type { UploadRequest } from '../../../../src/snapstore/upload/upload-request.ts';
import { UploadVanished } from '../../../../src/snapstore/upload/upload-vanished.ts';
import { uploadInChunks } from '../../../../src/snapstore/upload/uploader.ts';
import { type JumpingClock, jumpingClock } from '../../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { inPieces, seededBytes } from '../../../support/fixtures/byte-streams.ts';
import { faultyBucket } from '../../../support/stores/faulty-bucket.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

const CHUNK = leastChunkSize;
const MIB = 1024 * 1024;

function storeError(kind: ConstructorParameters<typeof StoreError>[0]): StoreError {
  return new StoreError(kind, { action: 'write', object: 'memory://bucket/key', found: 'the test says so' });
}

function uploadTo(
  bucket: Bucket,
  request: Partial<UploadRequest> = {},
  settings: { readonly clock?: JumpingClock; readonly parallel?: number; readonly buffers?: BufferPool } = {},
): Promise<unknown> {
  const bytes = seededBytes(2 * CHUNK + 5, 1);
  return uploadInChunks(
    bucket,
    {
      key: 'key',
      body: inPieces(bytes, 100_000),
      sizeBound: bytes.length,
      signal: new AbortController().signal,
      ...request,
    },
    { parallel: 2, minChunkSize: CHUNK, clock: jumpingClock(), log: new RecordedLog(), ...settings },
  );
}

/** A bucket whose parts are written by `around`, which is handed the writing itself. */
function withParts(bucket: Bucket, around: (write: () => Promise<void>) => Promise<void>): Bucket {
  return {
    ...bucket,
    async beginUpload(key, options) {
      const upload = await bucket.beginUpload(key, options);
      return { ...upload, writePart: (part, call) => around(() => upload.writePart(part, call)) };
    },
  };
}

test('chunks are as small as allowed and as large as the number of parts demands', () => {
  const traits = (maxParts: number) => ({ maxParts, minPartSize: 0, partsAreData: false, partDigests: [] });
  assert.equal(planChunkSize(traits(9999), { sizeBound: 100, minChunkSize: 1 }), 5 * MIB);
  assert.equal(planChunkSize(traits(9999), { sizeBound: 100, minChunkSize: 7 * MIB }), 7 * MIB);
  assert.equal(
    planChunkSize(traits(31), { sizeBound: 1000 * MIB, minChunkSize: 5 * MIB }),
    Math.ceil((1000 * MIB) / 31),
  );
  assert.equal(planChunkSize({ ...traits(9999), minPartSize: 8 * MIB }, { sizeBound: 1, minChunkSize: 1 }), 8 * MIB);
  const unlimited = { ...traits(Number.POSITIVE_INFINITY) };
  assert.equal(planChunkSize(unlimited, { sizeBound: 2 ** 40, minChunkSize: 5 * MIB }), 5 * MIB);
});

test('a failing chunk is tried again after 1, 2, 4, 8 and 16 s, and then the upload arrives', async () => {
  const memory = memoryBucket();
  const bucket = faultyBucket(memory);
  const clock = jumpingClock();
  bucket.fail('writePart', () => storeError('transient'), 5);
  await uploadTo(bucket, { body: inPieces(Buffer.from('small'), 10) }, { clock });
  assert.deepEqual(clock.sleeps, [1000, 2000, 4000, 8000, 16_000]);
  assert.equal(bucket.calls.writePart, 6);
  assert.equal(memory.objects.get('key')?.bytes.toString(), 'small');
  assert.equal(bucket.calls.abort, 0);
});

test('a chunk that fails six times ends the upload with its error, and the upload is aborted', async () => {
  const memory = memoryBucket();
  const bucket = faultyBucket(memory);
  const failure = storeError('transient');
  bucket.fail('writePart', () => failure, 100);
  await assert.rejects(uploadTo(bucket, { body: inPieces(Buffer.from('small'), 10) }), failure);
  assert.equal(bucket.calls.writePart, 6);
  assert.equal(bucket.calls.abort, 1);
  assert.equal(memory.objects.size, 0);
});

for (const kind of ['denied', 'quota', 'gone', 'invalid', 'immutable'] as const) {
  test(`an error of kind ${kind} is not tried again`, async () => {
    const bucket = faultyBucket(memoryBucket());
    const failure = storeError(kind);
    bucket.fail('writePart', () => failure, 100);
    await assert.rejects(uploadTo(bucket, { body: inPieces(Buffer.from('small'), 10) }), failure);
    assert.equal(bucket.calls.writePart, 1);
    assert.equal(bucket.calls.abort, 1);
  });
}

test('beginning is tried again as well', async () => {
  const bucket = faultyBucket(memoryBucket());
  bucket.fail('beginUpload', () => storeError('transient'), 2);
  await uploadTo(bucket);
  assert.equal(bucket.calls.beginUpload, 3);
});

test('a failed completion aborts', async () => {
  const memory = memoryBucket();
  const bucket = faultyBucket(memory);
  const failure = storeError('invalid');
  bucket.fail('complete', () => failure);
  await assert.rejects(uploadTo(bucket), failure);
  assert.equal(bucket.calls.abort, 1);
  assert.equal(memory.objects.size, 0);
});

test('the first failure is thrown even when aborting fails too', async () => {
  const bucket = faultyBucket(memoryBucket());
  const failure = storeError('denied');
  bucket.fail('writePart', () => failure, 100);
  bucket.fail('abort', () => storeError('transient'), 100);
  await assert.rejects(uploadTo(bucket), failure);
});

test('an upload whose abort hangs still fails in time, with the first failure', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const bucket = faultyBucket(memoryBucket());
  const failure = storeError('denied');
  bucket.fail('writePart', () => failure, 100);
  bucket.stall('abort');
  const failed = assert.rejects(uploadTo(bucket), failure);
  while (bucket.calls.abort === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.mock.timers.tick(5_000);
  await failed;
});

test('one failing chunk stops the others and a source that stalls', async () => {
  const bucket = faultyBucket(memoryBucket());
  const failure = storeError('denied');
  async function* stalling(): AsyncGenerator<Uint8Array> {
    yield seededBytes(CHUNK + 1, 2);
    bucket.fail('writePart', () => failure, 100);
    yield seededBytes(CHUNK, 3);
    await new Promise(() => undefined);
  }
  const body = Readable.from(stalling());
  await assert.rejects(uploadTo(bucket, { body }), failure);
  assert.ok(body.destroyed);
});

test('cancellation reaches chunks in flight', async () => {
  const bucket = faultyBucket(memoryBucket());
  bucket.stall('writePart');
  const controller = new AbortController();
  const stopped = new Error('stopped');
  const running = uploadTo(bucket, { signal: controller.signal });
  setImmediate(() => controller.abort(stopped));
  await assert.rejects(running, stopped);
  assert.equal(bucket.calls.abort, 1);
});

test('no more chunks are read than may be in flight', async () => {
  const memory = memoryBucket();
  let inFlight = 0;
  let most = 0;
  let read = 0;
  const gates: (() => void)[] = [];
  const bucket = withParts(memory, async (write) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await new Promise<void>((resolve) => gates.push(resolve));
    inFlight -= 1;
    await write();
  });
  async function* counted(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < 8; at += 1) {
      read += 1;
      yield seededBytes(CHUNK, at);
    }
  }
  const running = uploadTo(bucket, { body: counted(), sizeBound: 8 * CHUNK }, { parallel: 3 });
  while (gates.length < 3) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Three chunks are in flight, and a fourth piece was read that has no buffer to go to.
  assert.equal(inFlight, 3);
  assert.equal(read, 4);
  const opening = setInterval(() => gates.shift()?.(), 1);
  await running;
  clearInterval(opening);
  assert.equal(most, 3);
  assert.equal(memory.objects.get('key')?.bytes.length, 8 * CHUNK);
});

test('uploads that share buffers are bounded together, and one that waits to be published holds none', async () => {
  const memory = memoryBucket();
  const buffers = new BufferPool({ count: 2 });
  const body = (seed: number) => inPieces(seededBytes(3 * CHUNK, seed), MIB);
  let inFlight = 0;
  let most = 0;
  const bucket = withParts(memory, async (write) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight -= 1;
    await write();
  });
  const first = Promise.withResolvers<void>();
  const settings = { parallel: 2, buffers };
  const waiting = ['b', 'c', 'd'].map((key, seed) =>
    uploadTo(bucket, { key, body: body(seed), sizeBound: 3 * CHUNK, publishAfter: first.promise }, settings),
  );
  await uploadTo(bucket, { key: 'a', body: body(9), sizeBound: 3 * CHUNK }, settings);
  assert.deepEqual([...memory.objects.keys()], ['a']);
  first.resolve();
  await Promise.all(waiting);
  assert.equal(most, 2);
  for (const [seed, key] of ['b', 'c', 'd'].entries()) {
    assert.ok(memory.objects.get(key)?.bytes.equals(seededBytes(3 * CHUNK, seed)), key);
  }
});

test('an upload that may not be published is aborted', async () => {
  const bucket = faultyBucket(memoryBucket());
  const before = new Error('the one before it failed');
  await assert.rejects(uploadTo(bucket, { publishAfter: Promise.reject(before) }), before);
  const controller = new AbortController();
  const stopped = new Error('stopped');
  const running = uploadTo(bucket, { publishAfter: new Promise(() => undefined), signal: controller.signal });
  setImmediate(() => controller.abort(stopped));
  await assert.rejects(running, stopped);
  assert.equal(bucket.calls.abort, 2);
  assert.equal(bucket.calls.complete, 0);
});

test('what asks whether an object may be published is asked when all has arrived, each time, and may refuse', async () => {
  const memory = memoryBucket();
  const bucket = faultyBucket(memory);
  const asked: { readonly parts: number; readonly visible: number }[] = [];
  const bytes = seededBytes(3 * CHUNK, 1);
  const ask = (): void => void asked.push({ parts: bucket.calls.writePart, visible: memory.objects.size });
  const mayPublish = async (): Promise<void> => ask();
  await uploadTo(bucket, { body: inPieces(bytes, MIB), sizeBound: bytes.length, mayPublish });
  assert.deepEqual(asked, [{ parts: 3, visible: 0 }]);
  const lost = new Error('the lead is lost');
  const refusing = uploadTo(bucket, { key: 'other', mayPublish: () => Promise.reject(lost) });
  await assert.rejects(refusing, lost);
  assert.deepEqual([memory.objects.size, bucket.calls.abort], [1, 1]);

  const controller = new AbortController();
  const stopped = new Error('stopped');
  const endless = uploadTo(bucket, { mayPublish: () => new Promise(() => undefined), signal: controller.signal });
  setImmediate(() => controller.abort(stopped));
  await assert.rejects(endless, stopped);
});

test('a file that the store links is not read, is published in order too, and is copied where it cannot be linked', async () => {
  const memory = memoryBucket();
  const bytes = seededBytes(2 * CHUNK + 5, 1);
  const bucket = (answer: boolean): Bucket => ({
    ...memory,
    async beginUpload(key, options) {
      const upload = await memory.beginUpload(key, options);
      return {
        ...upload,
        async linkFile(path, call) {
          if (answer) {
            assert.equal(path, '/prepared');
            await upload.writePart({ number: 1, offset: 0, bytes }, call);
          }
          return answer;
        },
      };
    },
  });
  let read = 0;
  async function* body(): AsyncGenerator<Uint8Array> {
    read += 1;
    yield bytes;
  }
  const linkFile = { path: '/prepared', size: () => bytes.length };
  const publish = Promise.withResolvers<void>();
  let uploaded = 0;
  const onUploaded = (count: number): void => {
    uploaded += count;
    publish.reject(new Error('not yet'));
  };
  await assert.rejects(
    uploadTo(bucket(true), { body: body(), linkFile, publishAfter: publish.promise, onUploaded }),
    /not yet/,
  );
  assert.equal(memory.objects.size, 0);
  assert.equal(uploaded, bytes.length);
  await uploadTo(bucket(true), { body: body(), linkFile });
  assert.equal(read, 0);
  assert.equal(memory.objects.size, 1);
  await uploadTo(bucket(false), { body: body(), linkFile });
  assert.equal(read, 1);
});

test('small parts share the room of one whole buffer, and one that turns out larger still arrives', async () => {
  const memory = memoryBucket();
  const buffers = new BufferPool({ count: 1 });
  const gates: (() => void)[] = [];
  const bucket = withParts(memory, (write) => new Promise<void>((resolve) => gates.push(resolve)).then(write));
  const half = seededBytes(CHUNK / 2, 1);
  const large = seededBytes(CHUNK + 3, 2);
  const running = [
    ...['a', 'b'].map((key) =>
      uploadTo(bucket, { key, body: inPieces(half, MIB), sizeBound: half.length }, { buffers }),
    ),
    uploadTo(bucket, { key: 'large', body: inPieces(large, MIB), sizeBound: 10 }, { buffers }),
  ];
  while (gates.length < 2) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(gates.length, 2, 'the third waits');
  const opening = setInterval(() => gates.shift()?.(), 1);
  await Promise.all(running);
  clearInterval(opening);
  assert.ok(memory.objects.get('a')?.bytes.equals(half) && memory.objects.get('b')?.bytes.equals(half));
  assert.ok(memory.objects.get('large')?.bytes.equals(large));
});

test('failed and cancelled uploads give back the buffers they share with others', async () => {
  const buffers = new BufferPool({ count: 2 });
  const failing = faultyBucket(memoryBucket());
  failing.fail('writePart', () => storeError('denied'), 100);
  await assert.rejects(uploadTo(failing, {}, { buffers }));
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield seededBytes(CHUNK + 1, 1);
    throw new Error('the source broke');
  }
  await assert.rejects(uploadTo(memoryBucket(), { body: broken() }, { buffers }), /the source broke/);
  const stalled = faultyBucket(memoryBucket());
  stalled.stall('writePart');
  const controller = new AbortController();
  // Both hold what the others wait for.
  const cancelled = [1, 2, 3, 4].map(() => uploadTo(stalled, { signal: controller.signal }, { buffers }));
  setImmediate(() => controller.abort(new Error('stopped')));
  await Promise.allSettled(cancelled);
  const memory = memoryBucket();
  await uploadTo(memory, {}, { buffers });
  assert.equal(memory.objects.size, 1);
});

test('progress is reported chunk by chunk', async () => {
  const reported: number[] = [];
  await uploadTo(memoryBucket(), { onUploaded: (bytes) => reported.push(bytes) });
  assert.deepEqual(
    reported.toSorted((a, b) => b - a),
    [CHUNK, CHUNK, 5],
  );
});

test('a body that outgrows its announced size and the number of parts is refused', async () => {
  const memory = memoryBucket({ maxParts: 2 });
  await assert.rejects(
    uploadTo(memory, { body: inPieces(seededBytes(2 * CHUNK + 1, 1), MIB), sizeBound: 10 }),
    /too many parts/,
  );
  assert.equal(memory.objects.size, 0);
});

test('what was sent is not kept', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  let most = 0;
  async function* fresh(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < 64; at += 1) {
      yield Buffer.allocUnsafeSlow(MIB);
      collectGarbage();
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
  }
  const before = process.memoryUsage().arrayBuffers;
  const discarding: Bucket = {
    ...memoryBucket(),
    beginUpload: async (key) => ({
      leftovers: '',
      writePart: async () => {},
      complete: async ({ size }) => ({ key, size, modifiedAt: 0 }),
      abort: async () => {},
    }),
  };
  await uploadTo(discarding, { body: fresh(), sizeBound: 64 * MIB });
  assert.ok(most - before < 32 * MIB, `${most - before} bytes were held at once`);
});

/** A bucket that forgets the first `uploads` uploads after their first part. */
function forgetful(uploads: number) {
  const memory = memoryBucket();
  let begun = 0;
  const bucket: Bucket = {
    ...memory,
    async beginUpload(key, options) {
      begun += 1;
      const upload = await memory.beginUpload(key, options);
      const forgotten = begun <= uploads;
      let parts = 0;
      return {
        ...upload,
        async writePart(part, call) {
          parts += 1;
          if (forgotten && parts > 1) {
            throw new UploadVanished({ action: 'write', object: 'key', cause: undefined });
          }
          await upload.writePart(part, call);
        },
      };
    },
  };
  return { memory, bucket, begun: () => begun };
}

test('an upload that the store has forgotten is begun again, from the beginning of the body', async () => {
  const bytes = seededBytes(2 * CHUNK + 5, 1);
  const body = (): AsyncIterable<Uint8Array> => inPieces(bytes, 100_000);
  const { memory, bucket, begun } = forgetful(2);
  let reported = 0;
  const onUploaded = (sent: number): void => {
    reported += sent;
  };
  const clock = jumpingClock();
  await uploadTo(bucket, { body: body(), again: body, onUploaded }, { clock, parallel: 1 });
  assert.equal(begun(), 3);
  assert.ok(memory.objects.get('key')?.bytes.equals(bytes));
  assert.equal(reported, bytes.length);
  assert.deepEqual(clock.sleeps, [], 'the part is not tried again in vain');
});

test('an upload that is forgotten fails where its body cannot be read again, and when that goes on', async () => {
  const bytes = seededBytes(2 * CHUNK + 5, 1);
  const once = forgetful(1);
  await assert.rejects(uploadTo(once.bucket), UploadVanished);
  assert.equal(once.begun(), 1);
  const always = forgetful(Number.POSITIVE_INFINITY);
  await assert.rejects(uploadTo(always.bucket, { again: () => inPieces(bytes, 100_000) }), UploadVanished);
  assert.equal(always.begun(), 3);
  assert.equal(always.memory.objects.size, 0);
});
