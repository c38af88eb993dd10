import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Semaphore } from '../../../../src/runtime/async/semaphore.ts';

/** Adds `name` to `log` when the permits have been taken. */
function taking(
  semaphore: Semaphore,
  log: string[],
  name: string,
  wait: Parameters<Semaphore['take']>[0] = {},
): Promise<void> {
  return semaphore.take(wait).then(() => {
    log.push(name);
  });
}

test('a caller that finds too few permits waits, and callers that want fewer do not overtake it', async () => {
  const semaphore = new Semaphore(10);
  const log: string[] = [];
  await semaphore.take({ amount: 8 });
  const large = taking(semaphore, log, 'large', { amount: 5 });
  const small = taking(semaphore, log, 'small', { amount: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(log, []);
  semaphore.give(8);
  await Promise.all([large, small]);
  assert.deepEqual(log, ['large', 'small']);
});

test('the first place in the queue comes before callers that wait longer', async () => {
  const semaphore = new Semaphore(1);
  const log: string[] = [];
  await semaphore.take();
  const waiting = [taking(semaphore, log, 'a'), taking(semaphore, log, 'b', { place: 'first' })];
  semaphore.give();
  semaphore.give();
  await Promise.all(waiting);
  assert.deepEqual(log, ['b', 'a']);
});

test('a caller that stops waiting lets the next ones through, and has taken nothing', async () => {
  const semaphore = new Semaphore(4);
  const log: string[] = [];
  await semaphore.take({ amount: 3 });
  const controller = new AbortController();
  const stopped = new Error('stopped');
  const large = semaphore.take({ amount: 4, signal: controller.signal });
  const small = taking(semaphore, log, 'small', { amount: 1 });
  controller.abort(stopped);
  await assert.rejects(large, stopped);
  await small;
  semaphore.give(4);
  await taking(semaphore, log, 'all', { amount: 4 });
  assert.deepEqual(log, ['small', 'all']);
});
