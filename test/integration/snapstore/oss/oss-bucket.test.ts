import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import type { Bucket, ObjectEntry } from '../../../../src/snapstore/bucket.ts';
import { OssBucket, type OssConfig } from '../../../../src/snapstore/providers/oss/oss-bucket.ts';
import { failFirst } from '../../../support/servers/http-fault.ts';
import { type OssServer, startOssServer } from '../../../support/servers/oss-server.ts';
import { listed, longTimeouts, readWhole, shortTimeouts, uploadInParts } from '../../../support/stores/bucket-calls.ts';
import { failingSteps } from '../../../support/stores/failing-steps.ts';

const signal = new AbortController().signal;
const partSize = 128 * 1024;

let server: OssServer;
let bucket: Bucket;

function open(options: Partial<OssConfig> = {}): Bucket {
  return new OssBucket({
    container: server.bucket,
    credentials: { storageEndpoint: 'unused.invalid', ...server.keys },
    endpoint: server.endpoint,
    clock: systemClock,
    timeouts: longTimeouts,
    ...options,
  });
}

const upload = (key: string, body: Buffer, to = bucket): Promise<ObjectEntry> => uploadInParts(to, key, body, partSize);
const list = (prefix = '', from = bucket): Promise<ObjectEntry[]> => listed(from, prefix);
const readAll = (key: string): Promise<Buffer> => readWhole(bucket, key);

beforeEach(async () => {
  server = await startOssServer();
  bucket = open();
});

afterEach(async () => {
  await bucket[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

suite('objects', () => {
  test('parts written in any order come back as one', async () => {
    const body = randomBytes(partSize * 3 + 17);
    const entry = await upload('etcd/v2/Full-1', body);
    assert.equal(entry.size, body.length);
    assert.deepEqual(await readAll('etcd/v2/Full-1'), body);
    assert.equal(server.space.uploads.size, 0);
  });

  test('an object without bytes, with or without a part', async () => {
    await upload('none', Buffer.alloc(0));
    assert.equal((await readAll('none')).length, 0);
    const uploading = await bucket.beginUpload('one', { signal, partSize });
    await uploading.writePart({ number: 1, offset: 0, bytes: Buffer.alloc(0) }, { signal });
    await uploading.complete({ parts: 1, size: 0 }, { signal });
    assert.equal((await readAll('one')).length, 0);
    assert.equal(server.space.uploads.size, 0);
  });

  test('listings follow all pages and keep odd names whole', async () => {
    const odd = ['a b', 'a+b', 'a%2Fb', 'ä/ö', '<&>"\'', 'tab\there', 'under/v2/Full', 'z!*()~'];
    for (const key of odd) {
      server.space.put(key, Buffer.from(key));
    }
    for (let number = 0; number < 2500; number++) {
      server.space.put(`many/${number}`, Buffer.alloc(1));
    }
    assert.deepEqual(
      (await list()).map(({ key }) => key).filter((key) => !key.startsWith('many/')),
      odd.toSorted(),
    );
    assert.equal(new Set((await list('many/')).map(({ key }) => key)).size, 2500);
    for (const key of odd) {
      assert.equal((await readAll(key)).toString(), key);
      assert.deepEqual(
        (await list(key)).map((entry) => entry.size),
        [Buffer.byteLength(key)],
      );
    }
  });

  test('deleting', async () => {
    server.space.put('key', Buffer.from('x'));
    await bucket.delete('key', { signal });
    assert.equal(server.space.objects.size, 0);
    await assert.rejects(bucket.delete('key', { signal }), { kind: 'not_found' });
  });

  test('objects under retention say until when, and cannot be deleted', async () => {
    server.space.wormDays = 3;
    const { modifiedAt } = server.space.put('key', Buffer.from('x'));
    const [entry] = await list();
    assert.equal(entry?.immutableUntil, modifiedAt + 3 * 86_400_000);
    await assert.rejects(bucket.delete('key', { signal }), { kind: 'immutable' });
    await assert.rejects(upload('key', Buffer.from('y')), { kind: 'immutable' });
    assert.equal((await readAll('key')).toString(), 'x');
  });
});

suite('refusals', () => {
  test('what is absent', async () => {
    await assert.rejects(bucket.read('nothing', { signal }), { kind: 'not_found' });
    await using elsewhere = open({ container: 'elsewhere' });
    await assert.rejects(list('', elsewhere), { kind: 'gone' });
    await assert.rejects(elsewhere.read('key', { signal }), { kind: 'gone' });
    await assert.rejects(elsewhere.delete('key', { signal }), { kind: 'gone' });
    await assert.rejects(elsewhere.beginUpload('key', { signal, partSize }), { kind: 'gone' });
  });

  test('a wrong secret, an unknown key and another region', async () => {
    const credentials = { storageEndpoint: 'unused.invalid', ...server.keys };
    for (const wrong of [{ accessKeySecret: 'wrong' }, { accessKeyID: 'wrong' }, { region: 'cn-elsewhere' }]) {
      await using denied = open({ credentials: { ...credentials, ...wrong } });
      await assert.rejects(list('', denied), { kind: 'denied' });
      await assert.rejects(denied.read('key', { signal }), (error: Error) => !error.message.includes('secret+of'));
    }
  });

  test('signatures of version 1 where the endpoint does not name its region', async () => {
    const { region: _, ...keys } = server.keys;
    await using old = open({ credentials: { storageEndpoint: 'unused.invalid', ...keys } });
    const body = randomBytes(partSize + 5);
    await upload('old', body, old);
    server.space.put('old2', Buffer.from('x'));
    assert.deepEqual(
      (await list('old', old)).map(({ size }) => size),
      [body.length, 1],
    );
    await old.delete('old', { signal });
  });

  test('a clock that is wrong', async () => {
    await using skewed = await startOssServer({ now: () => Date.now() + 3_600_000 });
    await using early = open({ endpoint: skewed.endpoint });
    await assert.rejects(list('', early), { kind: 'denied', message: /clock/ });
  });

  for (const [operations, failing] of [
    [/^List/, 'list'],
    [/^(Head|Get)Object$/, 'read'],
    [/^(PutObject|\w*(Upload|Part)\w*)$/, 'write'],
    [/^DeleteObject$/, 'delete'],
  ] as const) {
    test(`check-store reports that it is not allowed to ${failing}`, async () => {
      server.fault(({ operation }) =>
        operations.test(operation) ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined,
      );
      assert.deepEqual(await failingSteps(bucket), [failing]);
    });
  }

  test('a bucket name that cannot be', () => {
    assert.throws(() => open({ container: 'No_Bucket' }), { kind: 'invalid' });
  });

  test('completing with parts missing', async () => {
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    await uploading.writePart({ number: 2, offset: partSize, bytes: Buffer.alloc(5) }, { signal });
    await assert.rejects(uploading.complete({ parts: 2, size: partSize + 5 }, { signal }), { kind: 'invalid' });
    await uploading.abort({ signal });
    assert.equal(server.space.uploads.size, 0);
    assert.equal(server.space.objects.size, 0);
  });
});

suite('faults', () => {
  test('a page, a head and a deletion are tried again', async () => {
    server.space.put('key', Buffer.from('x'));
    for (const operation of ['ListObjectsV2', 'HeadObject', 'DeleteObject', 'GetBucketWorm']) {
      server.fault(failFirst(operation, 1, { kind: 'status', status: 503, code: 'ServiceUnavailable' }));
      await list();
      if (operation === 'DeleteObject') {
        await bucket.delete('key', { signal });
      }
    }
    assert.equal(server.calls.get('DeleteObject'), 2);
  });

  test("a part that fails is the caller's to write again, and then arrives", async () => {
    bucket = open({ timeouts: shortTimeouts });
    const body = randomBytes(partSize);
    const faults = [
      { kind: 'status', status: 500 },
      { kind: 'status', status: 429, retryAfter: 1 },
      { kind: 'reset' },
      { kind: 'lose answer' },
      { kind: 'stall' },
      { kind: 'corrupt' },
    ] as const;
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    const part = { number: 1, offset: 0, bytes: body };
    for (const fault of faults) {
      server.fault(({ operation }) => (operation === 'UploadPart' ? fault : undefined));
      await assert.rejects(uploading.writePart(part, { signal }), { kind: 'transient' }, fault.kind);
    }
    server.fault(() => undefined);
    await uploading.writePart(part, { signal });
    await uploading.complete({ parts: 1, size: body.length }, { signal });
    assert.deepEqual(await readAll('key'), body);
  });

  test('a failed completion is never taken for a success', async () => {
    server.fault(({ operation }) =>
      operation === 'CompleteMultipartUpload' ? { kind: 'status', status: 500 } : undefined,
    );
    await assert.rejects(upload('key', randomBytes(10)), { kind: 'transient' });
    assert.equal(server.calls.get('CompleteMultipartUpload'), 3);
    assert.equal(server.space.objects.size, 0);
  });

  test('a completion whose answer was lost is a success', async () => {
    server.fault(failFirst('CompleteMultipartUpload', 1, { kind: 'lose answer' }));
    const body = randomBytes(partSize + 1);
    await upload('key', body);
    assert.deepEqual(await readAll('key'), body);
    assert.equal(server.calls.get('CompleteMultipartUpload'), 1);
  });

  test('aborting after a completion nobody knows the result of leaves nothing', async () => {
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    await uploading.writePart({ number: 1, offset: 0, bytes: Buffer.alloc(9) }, { signal });
    const cancelling = new AbortController();
    const reason = new Error('enough');
    server.fault(({ operation }) => {
      if (operation !== 'CompleteMultipartUpload') {
        return undefined;
      }
      setImmediate(() => cancelling.abort(reason));
      return { kind: 'delay', ms: 50 };
    });
    await assert.rejects(uploading.complete({ parts: 1, size: 9 }, { signal: cancelling.signal }), reason);
    assert.equal(server.space.objects.size, 1);
    await uploading.abort({ signal });
    assert.equal(server.space.objects.size, 0);
  });

  test('a completion that failed over the same bytes leaves no parts', async () => {
    await upload('key', Buffer.from('bytes'));
    server.fault(({ operation }) =>
      operation === 'CompleteMultipartUpload' ? { kind: 'status', status: 500 } : undefined,
    );
    await upload('key', Buffer.from('bytes'));
    assert.equal(server.space.uploads.size, 0);
    assert.equal((await readAll('key')).toString(), 'bytes');
  });

  test('an object that is stored with other bytes is removed', async () => {
    server.fault(({ operation }) => {
      if (operation === 'HeadObject') {
        const { etag } = server.space.get('key');
        server.space.put('key', Buffer.from('other'), etag.replaceAll('"', ''));
      }
      return undefined;
    });
    await assert.rejects(upload('key', Buffer.from('bytes')), { kind: 'transient' });
    assert.equal(server.space.objects.size, 0);
  });

  test('an object that somebody else has replaced meanwhile is left alone', async () => {
    server.fault(({ operation }) => {
      if (operation === 'HeadObject') {
        server.space.put('key', Buffer.from('other'));
      }
      return undefined;
    });
    assert.equal((await upload('key', Buffer.from('bytes'))).size, 5);
    assert.equal((await readAll('key')).toString(), 'other');
  });

  test('a body that is cut, stalls, or is not what was stored fails', async () => {
    bucket = open({ timeouts: shortTimeouts });
    server.space.put('key', randomBytes(3_000_000));
    for (const fault of [
      { kind: 'truncate', after: 1_500_000 },
      { kind: 'truncate', after: 1_500_000, ending: 'stall' },
      { kind: 'corrupt' },
    ] as const) {
      server.fault(() => fault);
      await assert.rejects(readAll('key'), { kind: 'transient' });
    }
  });

  test('a read whose first bytes do not come fails within its deadline', async () => {
    bucket = open({ timeouts: shortTimeouts });
    server.space.put('key', Buffer.from('x'));
    server.fault(() => ({ kind: 'stall' }));
    await assert.rejects(bucket.read('key', { signal }), { kind: 'transient' });
    assert.equal(server.calls.get('GetObject'), 3);
  });

  test('a slow reader is not a stalled store', async () => {
    bucket = open({ timeouts: shortTimeouts });
    const body = randomBytes(4_000_000);
    server.space.put('key', body);
    const stream = await bucket.read('key', { signal });
    await systemClock.sleep(shortTimeouts.stallMs + 200);
    assert.deepEqual(await buffer(stream), body);
  });

  test('cancelling ends each call with the reason', async () => {
    server.space.put('key', randomBytes(3_000_000));
    const uploading = await bucket.beginUpload('other', { signal, partSize });
    server.fault(({ operation }) =>
      operation === 'GetObject' ? { kind: 'truncate', after: 10, ending: 'stall' } : { kind: 'stall' },
    );
    const reason = new Error('enough');
    const calls: ((cancel: AbortSignal) => Promise<unknown>)[] = [
      (cancel) => Array.fromAsync(bucket.list('', { signal: cancel })),
      async (cancel) => buffer(await bucket.read('key', { signal: cancel })),
      (cancel) => bucket.delete('key', { signal: cancel }),
      (cancel) => bucket.beginUpload('key', { signal: cancel, partSize }),
      (cancel) => uploading.writePart({ number: 1, offset: 0, bytes: Buffer.alloc(9) }, { signal: cancel }),
    ];
    for (const call of calls) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 50);
      await assert.rejects(call(controller.signal), reason);
      await assert.rejects(call(controller.signal), reason);
    }
  });

  test('aborting waits for parts on their way and leaves nothing', async () => {
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    server.fault(failFirst('UploadPart', 1, { kind: 'delay', ms: 300 }));
    const writing = uploading.writePart({ number: 1, offset: 0, bytes: Buffer.alloc(partSize) }, { signal });
    const settled = assert.rejects(writing);
    await uploading.abort({ signal });
    await settled;
    await uploading.abort({ signal });
    assert.equal(server.space.uploads.size, 0);
    assert.equal(server.calls.get('AbortMultipartUpload'), 1);
  });

  test('aborting what the store no longer knows is no error', async () => {
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    server.space.uploads.clear();
    await uploading.abort({ signal });
  });
});
