import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Semaphore } from '../../../../src/runtime/async/semaphore.ts';

/** Notes in `log` when the places have been taken. */
function taking(
  slots: Semaphore,
  log: string[],
  name: string,
  wait: Parameters<Semaphore['take']>[0] = {},
): Promise<void> {
  return slots.take(wait).then(() => {
    log.push(name);
  });
}

test('whoever finds too few places waits, and is not overtaken by those that want fewer', async () => {
  const slots = new Semaphore(10);
  const log: string[] = [];
  await slots.take({ amount: 8 });
  const large = taking(slots, log, 'large', { amount: 5 });
  const small = taking(slots, log, 'small', { amount: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(log, []);
  slots.give(8);
  await Promise.all([large, small]);
  assert.deepEqual(log, ['large', 'small']);
});

test('the first place in the queue is before those that wait longer', async () => {
  const slots = new Semaphore(1);
  const log: string[] = [];
  await slots.take();
  const waiting = [taking(slots, log, 'a'), taking(slots, log, 'b', { place: 'first' })];
  slots.give();
  slots.give();
  await Promise.all(waiting);
  assert.deepEqual(log, ['b', 'a']);
});

test('one that gives up lets those behind it through, and has taken nothing', async () => {
  const slots = new Semaphore(4);
  const log: string[] = [];
  await slots.take({ amount: 3 });
  const controller = new AbortController();
  const stopped = new Error('stopped');
  const large = slots.take({ amount: 4, signal: controller.signal });
  const small = taking(slots, log, 'small', { amount: 1 });
  controller.abort(stopped);
  await assert.rejects(large, stopped);
  await small;
  slots.give(4);
  await taking(slots, log, 'all', { amount: 4 });
  assert.deepEqual(log, ['small', 'all']);
});
