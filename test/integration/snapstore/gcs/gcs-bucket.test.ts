import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import type { Bucket, ObjectEntry } from '../../../../src/snapstore/bucket.ts';
import { GcsBucket, type GcsConfig } from '../../../../src/snapstore/providers/gcs/gcs-bucket.ts';
import type { Authorizer } from '../../../../src/snapstore/providers/gcs/google-authorizer.ts';
import { type GcsServer, startGcsServer } from '../../../support/servers/gcs-server.ts';
import { failFirst } from '../../../support/servers/http-fault.ts';
import { listed, longTimeouts, readWhole, shortTimeouts, uploadInParts } from '../../../support/stores/bucket-calls.ts';
import { failingSteps } from '../../../support/stores/failing-steps.ts';

const signal = new AbortController().signal;
const partSize = 128 * 1024;

let server: GcsServer;
let bucket: Bucket;

/** Gets a token when it has none. */
function authorizer(): Authorizer {
  let token: string | undefined;
  return {
    headers: async () => {
      token ??= server.tokens.issue();
      return { authorization: `Bearer ${token}` };
    },
    renew: () => {
      token = undefined;
    },
  };
}

function open(options: Partial<GcsConfig> = {}): Bucket {
  return new GcsBucket({
    container: server.bucket,
    authorizer: authorizer(),
    endpoint: server.endpoint,
    clock: systemClock,
    timeouts: longTimeouts,
    ...options,
  });
}

const upload = (key: string, body: Buffer, to = bucket): Promise<ObjectEntry> => uploadInParts(to, key, body, partSize);
const list = (prefix = '', from = bucket): Promise<ObjectEntry[]> => listed(from, prefix);
const readAll = (key: string): Promise<Buffer> => readWhole(bucket, key);

function stored(): string[] {
  return [...server.space.objects.keys()].sort();
}

beforeEach(async () => {
  server = await startGcsServer();
  bucket = open();
});

afterEach(async () => {
  await bucket[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

suite('objects', () => {
  test('parts become components and are composed', async () => {
    const body = randomBytes(partSize * 2 + 17);
    const entry = await upload('etcd/v2/Full-1', body);
    assert.equal(entry.size, body.length);
    assert.deepEqual(await readAll('etcd/v2/Full-1'), body);
    assert.deepEqual(stored(), [
      'etcd/v2/Full-1',
      'etcd/v2/Full-1/0000000001',
      'etcd/v2/Full-1/0000000002',
      'etcd/v2/Full-1/0000000003',
    ]);
    assert.equal(server.space.get('etcd/v2/Full-1').componentCount, 3);
  });

  test('an object without bytes, with or without a part', async () => {
    await upload('none', Buffer.alloc(0));
    assert.equal((await readAll('none')).length, 0);
    const uploading = await bucket.beginUpload('one', { signal, partSize });
    await uploading.writePart({ number: 1, offset: 0, bytes: Buffer.alloc(0) }, { signal });
    await uploading.complete({ parts: 1, size: 0 }, { signal });
    assert.equal((await readAll('one')).length, 0);
  });

  test('an object is replaced, and uploads side by side do not mix', async () => {
    await upload('key', Buffer.from('old'));
    const bodies = [randomBytes(partSize + 1), randomBytes(partSize + 2)];
    const results = await Promise.allSettled(bodies.map((body) => upload('key', body)));
    const found = await readAll('key');
    const whole = bodies.some((body) => body.equals(found)) || found.toString() === 'old';
    assert.ok(whole, `mixed ${found.length} bytes: ${results.map(({ status }) => status)}`);
  });

  test('an upload does not touch the parts of another one', async () => {
    const part = { number: 1, offset: 0 };
    const first = await bucket.beginUpload('key', { signal, partSize });
    const second = await bucket.beginUpload('key', { signal, partSize });
    await first.writePart({ ...part, bytes: Buffer.from('first') }, { signal });
    await second.writePart({ ...part, bytes: Buffer.from('second') }, { signal });
    const [usual, other] = stored();
    assert.equal(usual, 'key/0000000001');
    assert.match(other ?? '', /^key\/\d{8}01$/);
    await first.complete({ parts: 1, size: 5 }, { signal });
    await second.complete({ parts: 1, size: 6 }, { signal });
    assert.equal((await readAll('key')).toString(), 'second');
  });

  test('an upload whose part was taken away fails', async () => {
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    await uploading.writePart({ number: 1, offset: 0, bytes: Buffer.from('x') }, { signal });
    server.space.delete('key/0000000001');
    const completing = uploading.complete({ parts: 1, size: 1 }, { signal });
    await assert.rejects(completing, { kind: 'transient', message: /removed or replaced/ });
    await uploading.abort({ signal });
    assert.deepEqual(stored(), []);
  });

  test('a part is written again in its place', async () => {
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    await uploading.writePart({ number: 1, offset: 0, bytes: Buffer.from('first') }, { signal });
    await uploading.writePart({ number: 1, offset: 0, bytes: Buffer.from('again') }, { signal });
    assert.deepEqual(stored(), ['key/0000000001']);
    await uploading.complete({ parts: 1, size: 5 }, { signal });
    assert.equal((await readAll('key')).toString(), 'again');
  });

  test('listings follow all pages and keep odd names whole', async () => {
    const odd = ['a b', 'a+b', 'a%2Fb', 'ä/ö', '<&>"\'', 'tab\there', 'under/v2/Full', 'z!*()~?#'];
    for (const key of odd) {
      server.space.put(key, Buffer.from(key));
    }
    for (let number = 0; number < 2500; number++) {
      server.space.put(`many/${number}`, Buffer.alloc(1));
    }
    const keys = (await list()).map(({ key }) => key).filter((key) => !key.startsWith('many/'));
    assert.deepEqual(keys.sort(), odd.toSorted());
    assert.equal(new Set((await list('many/')).map(({ key }) => key)).size, 2500);
    for (const key of odd) {
      assert.equal((await readAll(key)).toString(), key);
      assert.equal((await upload(key, Buffer.from('new'))).key, key);
      await bucket.delete(key, { signal });
    }
    assert.equal(server.space.objects.size, 2500);
  });

  test('deleting takes components that are left, and nothing else', async () => {
    await upload('key', randomBytes(partSize + 1));
    server.space.put('key/other', Buffer.from('x'));
    server.space.put('key2', Buffer.from('x'));
    await bucket.delete('key', { signal });
    assert.deepEqual(stored(), ['key/other', 'key2']);
    await assert.rejects(bucket.delete('key', { signal }), { kind: 'not_found' });
  });

  test('objects that are to be left out are marked', async () => {
    server.space.put('a', Buffer.from('x'), { attributes: { metadata: { 'x-etcd-snapshot-exclude': 'true' } } });
    server.space.put('b', Buffer.from('x'), { attributes: { metadata: { other: 'true' } } });
    assert.deepEqual(
      (await list()).map(({ excluded }) => excluded),
      [true, undefined],
    );
  });

  test('objects under retention say until when, and cannot be deleted', async () => {
    server.space.retentionSeconds = 3600;
    const { updatedAt } = server.space.put('key', Buffer.from('x'));
    assert.equal((await list())[0]?.immutableUntil, updatedAt + 3_600_000);
    await assert.rejects(bucket.delete('key', { signal }), { kind: 'immutable' });
    await assert.rejects(upload('key', Buffer.from('y')), { kind: 'immutable' });
    assert.equal((await readAll('key')).toString(), 'x');
    await upload('new', randomBytes(partSize + 1));
  });
});

suite('refusals', () => {
  test('what is absent', async () => {
    await assert.rejects(bucket.read('nothing', { signal }), { kind: 'not_found' });
    await using elsewhere = open({ container: 'elsewhere' });
    await assert.rejects(list('', elsewhere), { kind: 'gone' });
    await assert.rejects(elsewhere.read('key', { signal }), { kind: 'gone' });
    await assert.rejects(elsewhere.delete('key', { signal }), { kind: 'gone' });
    await assert.rejects(upload('key', Buffer.from('x'), elsewhere), { kind: 'gone' });
  });

  test('a token that is not accepted', async () => {
    const bad: Authorizer = { headers: async () => ({ authorization: 'Bearer bad' }), renew() {} };
    await using denied = open({ authorizer: bad });
    await assert.rejects(list('', denied), { kind: 'denied' });
    await assert.rejects(denied.read('key', { signal }), { kind: 'denied' });
    await assert.rejects(denied.delete('key', { signal }), { kind: 'denied' });
  });

  test('permission for some things only', async () => {
    server.fault(({ operation }) =>
      operation === 'objects.list' ? undefined : { kind: 'status', status: 403, code: 'forbidden' },
    );
    assert.deepEqual(await list(), []);
    await assert.rejects(bucket.read('key', { signal }), { kind: 'denied' });
    await assert.rejects(bucket.delete('key', { signal }), { kind: 'denied' });
    await assert.rejects(upload('key', Buffer.from('x')), { kind: 'denied' });
    server.fault(() => ({ kind: 'status', status: 403, code: 'rateLimitExceeded' }));
    await assert.rejects(list(), { kind: 'transient' });
  });

  for (const [operations, failing] of [
    [/^objects\.list$/, 'list'],
    [/^objects\.(get|download)$/, 'read'],
    [/^objects\.(insert|resumable|compose)/, 'write'],
    [/^objects\.delete$/, 'delete'],
  ] as const) {
    test(`check-store reports that it is not allowed to ${failing}`, async () => {
      server.fault(({ operation }) =>
        operations.test(operation) ? { kind: 'status', status: 403, code: 'forbidden' } : undefined,
      );
      assert.deepEqual(await failingSteps(bucket), [failing]);
    });
  }

  test('completing with parts missing', async () => {
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    await uploading.writePart({ number: 2, offset: partSize, bytes: Buffer.alloc(5) }, { signal });
    await assert.rejects(uploading.complete({ parts: 2, size: partSize + 5 }, { signal }), { kind: 'invalid' });
    await uploading.abort({ signal });
    assert.deepEqual(stored(), []);
  });
});

suite('faults', () => {
  test('a token that ends early is replaced', async () => {
    await list();
    server.tokens.revokeAll();
    await list();
    server.space.put('key', Buffer.from('x'));
    server.tokens.revokeAll();
    assert.equal((await readAll('key')).toString(), 'x');
    server.tokens.revokeAll();
    const uploading = await bucket.beginUpload('other', { signal, partSize });
    const part = { number: 1, offset: 0, bytes: Buffer.from('y') };
    await uploading.writePart(part, { signal });
    await uploading.complete({ parts: 1, size: 1 }, { signal });
  });

  test('what may be asked again is', async () => {
    bucket = open({ timeouts: shortTimeouts });
    for (const fault of [{ kind: 'status', status: 503 }, { kind: 'reset' }, { kind: 'stall' }] as const) {
      server.space.put('key', Buffer.from('x'));
      for (const operation of ['objects.list', 'objects.download', 'objects.delete', 'objects.compose']) {
        const before = server.calls.get(operation) ?? 0;
        server.fault(({ operation: called, count }) =>
          called === operation && count === before + 1 ? fault : undefined,
        );
        switch (operation) {
          case 'objects.list':
            await list();
            break;
          case 'objects.download':
            await readAll('key');
            break;
          case 'objects.delete':
            await bucket.delete('key', { signal });
            break;
          default:
            await upload('key', Buffer.from('y'));
        }
      }
    }
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
    ] as const;
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    const part = { number: 1, offset: 0, bytes: body };
    for (const fault of faults) {
      server.fault(({ operation }) => (operation === 'objects.insert' ? fault : undefined));
      await assert.rejects(uploading.writePart(part, { signal }), { kind: 'transient' }, fault.kind);
    }
    server.fault(() => undefined);
    await uploading.writePart(part, { signal });
    await uploading.complete({ parts: 1, size: body.length }, { signal });
    assert.deepEqual(await readAll('key'), body);
  });

  test('a part that is stored with other bytes is noticed, and written over', async () => {
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    const part = { number: 1, offset: 0, bytes: Buffer.from('bytes') };
    server.fault(failFirst('objects.insert', 1, { kind: 'corrupt' }));
    await assert.rejects(uploading.writePart(part, { signal }), { kind: 'transient', message: /other bytes/ });
    await uploading.writePart(part, { signal });
    await uploading.complete({ parts: 1, size: 5 }, { signal });
    assert.equal((await readAll('key')).toString(), 'bytes');
  });

  test('a composition whose answer was lost is a success', async () => {
    await upload('key', Buffer.from('old'));
    server.fault(({ operation, count }) =>
      operation === 'objects.compose' && count === 2 ? { kind: 'lose answer' } : undefined,
    );
    await bucket.delete('key/0000000001', { signal });
    await upload('key', Buffer.from('new'));
    assert.equal((await readAll('key')).toString(), 'new');
    assert.equal(server.calls.get('objects.compose'), 2);
  });

  test('a failed composition is never taken for a success, and aborting leaves nothing', async () => {
    server.fault(({ operation }) => (operation === 'objects.compose' ? { kind: 'status', status: 500 } : undefined));
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    await uploading.writePart({ number: 1, offset: 0, bytes: Buffer.alloc(9) }, { signal });
    await assert.rejects(uploading.complete({ parts: 1, size: 9 }, { signal }), { kind: 'transient' });
    assert.equal(server.calls.get('objects.compose'), 3);
    await uploading.abort({ signal });
    assert.deepEqual(stored(), []);
  });

  test('aborting after a completion nobody knows the result of leaves nothing', async () => {
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    await uploading.writePart({ number: 1, offset: 0, bytes: Buffer.alloc(9) }, { signal });
    const cancelling = new AbortController();
    const reason = new Error('enough');
    server.fault(({ operation }) => {
      if (operation !== 'objects.compose') {
        return undefined;
      }
      setImmediate(() => cancelling.abort(reason));
      return { kind: 'delay', ms: 50 };
    });
    await assert.rejects(uploading.complete({ parts: 1, size: 9 }, { signal: cancelling.signal }), reason);
    assert.equal(server.space.objects.size, 2);
    await uploading.abort({ signal });
    await uploading.abort({ signal });
    assert.deepEqual(stored(), []);
  });

  test('a part whose answer was lost is removed by aborting', async () => {
    const uploading = await bucket.beginUpload('key', { signal, partSize });
    server.fault(failFirst('objects.insert', 1, { kind: 'lose answer' }));
    const part = { number: 1, offset: 0, bytes: Buffer.alloc(9) };
    await assert.rejects(uploading.writePart(part, { signal }), { kind: 'transient' });
    assert.equal(server.space.objects.size, 1);
    await uploading.abort({ signal });
    assert.deepEqual(stored(), []);
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

  test('a slow reader is not a stalled store', async () => {
    bucket = open({ timeouts: shortTimeouts });
    const body = randomBytes(4_000_000);
    server.space.put('key', body);
    const stream = await bucket.read('key', { signal });
    await systemClock.sleep(shortTimeouts.stallMs + 200);
    assert.deepEqual(await buffer(stream), body);
  });

  test('a reader that turns away ends the connection', async () => {
    server.space.put('key', randomBytes(20_000_000));
    const stream = await bucket.read('key', { signal });
    stream.destroy();
    await eventually(async () => ((await server.connections()) === 0 ? true : undefined));
  });

  test('cancelling ends each call with the reason', async () => {
    server.space.put('key', randomBytes(3_000_000));
    const uploading = await bucket.beginUpload('other', { signal, partSize });
    server.fault(({ operation }) =>
      operation === 'objects.download' ? { kind: 'truncate', after: 10, ending: 'stall' } : { kind: 'stall' },
    );
    const reason = new Error('enough');
    const calls: ((cancel: AbortSignal) => Promise<unknown>)[] = [
      (cancel) => Array.fromAsync(bucket.list('', { signal: cancel })),
      async (cancel) => buffer(await bucket.read('key', { signal: cancel })),
      (cancel) => bucket.delete('key', { signal: cancel }),
      (cancel) => uploading.writePart({ number: 1, offset: 0, bytes: Buffer.alloc(9) }, { signal: cancel }),
    ];
    for (const call of calls) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 50);
      await assert.rejects(call(controller.signal), reason);
      await assert.rejects(call(controller.signal), reason);
    }
  });
});
