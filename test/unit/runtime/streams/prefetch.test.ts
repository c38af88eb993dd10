import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefetch } from '../../../../src/runtime/streams/prefetch.ts';

test('the next piece is asked for while the last one is worked on, and no other', async () => {
  let given = 0;
  async function* source(): AsyncGenerator<number> {
    for (let number = 0; number < 4; number++) {
      given += 1;
      yield number;
    }
  }
  const seen: number[] = [];
  for await (const number of prefetch(source())) {
    await new Promise(setImmediate);
    assert.equal(given, Math.min(number + 2, 4));
    seen.push(number);
  }
  assert.deepEqual(seen, [0, 1, 2, 3]);
});

test('a failure comes after the pieces before it', async () => {
  async function* source(): AsyncGenerator<number> {
    yield 1;
    throw new Error('broken off');
  }
  const pieces = prefetch(source());
  assert.deepEqual(await pieces.next(), { done: false, value: 1 });
  await new Promise(setImmediate);
  await assert.rejects(pieces.next(), /broken off/);
});

test('who stops early does not wait for a source that stalls, and the source is asked to end', async () => {
  const stall = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  async function* source(): AsyncGenerator<number> {
    try {
      yield 1;
      await stall.promise;
      yield 2;
    } finally {
      asked.resolve();
    }
  }
  for await (const number of prefetch(source())) {
    assert.equal(number, 1);
    break;
  }
  stall.resolve();
  await asked.promise;
});
