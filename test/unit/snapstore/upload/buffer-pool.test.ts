import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BufferPool, type LentBuffer } from '../../../../src/snapstore/upload/buffer-pool.ts';

const whole = { size: 1024, whole: 1024 };

/** Takes buffers as they come; `lent` grows with each. */
function takeSeveral(pool: BufferPool, count: number): { readonly lent: readonly LentBuffer[] } {
  const lent: LentBuffer[] = [];
  for (let taken = 0; taken < count; taken++) {
    void pool.take(whole, {}).then((buffer) => lent.push(buffer));
  }
  return { lent };
}

test('half of the buffers may be filled at once, and all be in use', async () => {
  const { lent } = takeSeveral(new BufferPool({ count: 5 }), 6);
  await setImmediate();
  assert.equal(lent.length, 2);
  lent[0]?.filled();
  lent[1]?.filled();
  await setImmediate();
  assert.equal(lent.length, 4);
  lent[2]?.filled();
  lent[3]?.filled();
  await setImmediate();
  assert.equal(lent.length, 5, 'all are in use');
  lent[0]?.give();
  await setImmediate();
  assert.equal(lent.length, 6);
});

test('the only buffer there is may be filled', async () => {
  const { lent } = takeSeveral(new BufferPool({ count: 1 }), 2);
  await setImmediate();
  assert.equal(lent.length, 1);
  lent[0]?.give();
  await setImmediate();
  assert.equal(lent.length, 2, 'one that was never full is given back as well');
});

test('a caller that stops waiting leaves its place to others', async () => {
  const pool = new BufferPool({ count: 2 });
  const first = await pool.take(whole, {});
  first.filled();
  const second = await pool.take(whole, {});
  second.filled();
  const controller = new AbortController();
  // One waits for a buffer, the other for leave to fill one.
  const waiting = [1, 2].map(() => pool.take(whole, { signal: controller.signal }));
  const stopped = new Error('stopped');
  controller.abort(stopped);
  for (const { status } of await Promise.allSettled(waiting)) {
    assert.equal(status, 'rejected');
  }
  await assert.rejects(waiting[0] ?? Promise.resolve(), stopped);
  first.give();
  const third = await pool.take(whole, {});
  assert.equal(third.bytes.length, 1024);
});
