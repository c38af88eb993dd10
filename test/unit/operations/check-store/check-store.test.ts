import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkStore, missingSteps, type StoreCheck } from '../../../../src/operations/check-store/check-store.ts';
import type { Bucket } from '../../../../src/snapstore/bucket.ts';
import { StoreError, type StoreErrorKind } from '../../../../src/snapstore/store-error.ts';
import { jumpingClock } from '../../../support/clock/jumping-clock.ts';
import { quietLogger } from '../../../support/context/quiet-logger.ts';
import { type BucketCall, faultyBucket } from '../../../support/stores/faulty-bucket.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

const { signal } = new AbortController();
const now = Date.UTC(2026, 10, 21, 12);

function check(bucket: Bucket, { prefix = 'etcd-main', at = now, abort = signal } = {}): Promise<StoreCheck> {
  const clock = jumpingClock(at);
  const upload = { parallel: 2, minChunkSize: 5 * 1024 * 1024, clock, log: quietLogger };
  return checkStore({ bucket, upload }, prefix, { signal: abort, clock });
}

const outcomes = ({ steps }: StoreCheck): Readonly<Record<string, string>> =>
  Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome]));

test('a store that works: every step is done and nothing is left', async () => {
  const bucket = memoryBucket();
  const result = await check(bucket);
  assert.deepEqual(outcomes(result), { write: 'ok', list: 'ok', read: 'ok', delete: 'ok' });
  assert.match(result.probe, /^etcd-main\/v2\/etcdbrctl-probe-/);
  assert.equal(result.location, 'memory://bucket/etcd-main/v2');
  assert.equal(result.versioned, false);
  assert.equal(result.immutableUntil, undefined);
  assert.equal(bucket.objects.size, 0);
});

test('a prefix that leads out of the container is refused, as by all that use the store later', async () => {
  for (const prefix of ['../x', 'a/../../x']) {
    const bucket = memoryBucket();
    await assert.rejects(check(bucket, { prefix }), /leads out of it; give a --store-prefix without \.\./);
    assert.equal(bucket.objects.size, 0);
  }
});

for (const [call, step] of [
  ['beginUpload', 'write'],
  ['list', 'list'],
  ['read', 'read'],
  ['delete', 'delete'],
] as const satisfies readonly (readonly [BucketCall, string])[]) {
  test(`a store that refuses to ${step}: the other steps are tried all the same`, async () => {
    const bucket = faultyBucket(memoryBucket());
    bucket.fail(call, () => refusal('denied'));
    const result = await check(bucket);
    const rest = step === 'write' ? { read: 'skipped', delete: 'skipped' } : { read: 'ok', delete: 'ok' };
    assert.deepEqual(outcomes(result), { write: 'ok', list: 'ok', ...rest, [step]: 'failed' });
  });
}

test('an upload that may not look at what it has written: what is missing is reading', async () => {
  const memory = memoryBucket();
  const bucket: Bucket = {
    ...memory,
    beginUpload: async (key, options) => {
      const upload = await memory.beginUpload(key, options);
      return {
        ...upload,
        complete: async (whole, callOptions) => {
          await upload.complete(whole, callOptions);
          throw new StoreError('denied', { action: 'verify', object: 'the probe', found: 'the store refused' });
        },
      };
    },
    read: () => Promise.reject(refusal('denied')),
  };
  const result = await check(bucket);
  assert.deepEqual(outcomes(result), { write: 'failed', list: 'ok', read: 'failed', delete: 'ok' });
  assert.deepEqual(missingSteps(result), ['read']);
  assert.equal(memory.objects.size, 0);
});

test('a store that keeps what it was given: a refused delete is no failure, and its end is reported', async () => {
  const memory = memoryBucket();
  const bucket: Bucket = {
    ...memory,
    async *list(prefix, options) {
      for await (const entry of memory.list(prefix, options)) {
        yield { ...entry, versionId: 'first', immutableUntil: now + 1000 };
      }
    },
    delete: () => Promise.reject(refusal('immutable')),
  };
  const result = await check(bucket);
  assert.deepEqual(outcomes(result), { write: 'ok', list: 'ok', read: 'ok', delete: 'immutable' });
  assert.equal(result.versioned, true);
  assert.equal(result.immutableUntil, now + 1000);
});

test('a store that says it has deleted what stays there', async () => {
  const memory = memoryBucket();
  const result = await check({ ...memory, delete: () => Promise.resolve() });
  assert.deepEqual(outcomes(result), { write: 'ok', list: 'ok', read: 'ok', delete: 'failed' });
  assert.deepEqual(missingSteps(result), ['delete']);
});

test('a store whose listing is older than a deletion', async () => {
  const memory = memoryBucket();
  const listed = async function* (): ReturnType<Bucket['list']> {
    const [key = ''] = names;
    yield { key, size: 1024, modifiedAt: now };
  };
  const names: string[] = [];
  const bucket: Bucket = {
    ...memory,
    beginUpload: (key, options) => {
      names.push(key);
      return memory.beginUpload(key, options);
    },
    list: listed,
  };
  assert.deepEqual(outcomes(await check(bucket)), { write: 'ok', list: 'ok', read: 'ok', delete: 'ok' });
});

test('a store that gives back other bytes', async () => {
  const memory = memoryBucket();
  const bucket: Bucket = {
    ...memory,
    async read(key, options) {
      memory.objects.set(key, { bytes: Buffer.alloc(1024), entry: { key, size: 1024, modifiedAt: now } });
      return await memory.read(key, options);
    },
  };
  assert.deepEqual(outcomes(await check(bucket)), { write: 'ok', list: 'ok', read: 'failed', delete: 'ok' });
});

test('a store whose listing does not show what was written', async () => {
  const memory = memoryBucket();
  const bucket: Bucket = { ...memory, list: (_, options) => memory.list('elsewhere/', options) };
  const result = await check(bucket);
  assert.deepEqual(outcomes(result), { write: 'ok', list: 'failed', read: 'ok', delete: 'ok' });
  assert.equal(result.versioned, undefined);
});

test("the store's clock is compared with ours", async () => {
  const hour = 60 * 60 * 1000;
  // The bucket in memory has the time of this machine.
  const behind = await check(memoryBucket(), { at: Date.now() + hour });
  assert.ok(Math.abs((behind.clockSkewMs ?? 0) + hour) < 60_000, String(behind.clockSkewMs));
  const ahead = await check(memoryBucket(), { at: Date.now() - hour });
  assert.ok(Math.abs((ahead.clockSkewMs ?? 0) - hour) < 60_000, String(ahead.clockSkewMs));
});

test('without a prefix the probe is at the top', async () => {
  assert.match((await check(memoryBucket(), { prefix: '' })).probe, /^v2\/etcdbrctl-probe-/);
});

test('a check that is cancelled fails with the reason', async () => {
  const stopped = new Error('stopped by the test');
  await assert.rejects(check(memoryBucket(), { abort: AbortSignal.abort(stopped) }), stopped);
});

function refusal(kind: StoreErrorKind): StoreError {
  return new StoreError(kind, { action: 'do it', object: 'the probe', found: 'the store refused' });
}

test('a bucket whose listing knows of a lock: a refusal of whatever kind is what the lock does', async () => {
  for (const kind of ['denied', 'invalid', 'immutable'] as const) {
    const memory = memoryBucket();
    const bucket: Bucket = {
      ...memory,
      async *list(prefix, options) {
        for await (const entry of memory.list(prefix, options)) {
          yield { ...entry, immutableUntil: now + 1_000_000 };
        }
      },
      delete: () => Promise.reject(refusal(kind)),
    };
    const result = await check(bucket);
    assert.equal(outcomes(result)['delete'], 'immutable', kind);
    assert.deepEqual(missingSteps(result), []);
  }
});

test('a refusal to delete what is not locked any more is a failure', async () => {
  const memory = memoryBucket();
  const bucket: Bucket = { ...memory, delete: () => Promise.reject(refusal('denied')) };
  assert.equal(outcomes(await check(bucket))['delete'], 'failed');
});

test('a store that does not answer is tried once', async () => {
  const bucket = faultyBucket(memoryBucket());
  let begun = 0;
  bucket.fail('beginUpload', () => {
    begun += 1;
    return refusal('transient');
  });
  assert.equal(outcomes(await check(bucket))['write'], 'failed');
  assert.equal(begun, 1);
});

test('what the account may not know is reported', async () => {
  const memory = memoryBucket();
  const bucket: Bucket = {
    ...memory,
    list(prefix, options) {
      options.onDoubt?.({ about: 'locks', reason: 'locks are hidden' });
      options.onDoubt?.({ about: 'locks', reason: 'locks are hidden' });
      return memory.list(prefix, options);
    },
  };
  assert.deepEqual((await check(bucket)).doubts, ['locks are hidden']);
});
