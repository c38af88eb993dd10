import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../src/runtime/clock.ts';
import { defaultTimeouts } from '../../../src/snapstore/http/store-requests.ts';
import {
  type RetryPolicy,
  type RetryProgress,
  requestRetries,
  retryTransient,
  retryWaits,
  shortRetries,
  transferRetries,
} from '../../../src/snapstore/retry-transient.ts';
import { StoreError, type StoreErrorKind } from '../../../src/snapstore/store-error.ts';
import { jumpingClock } from '../../support/clock/jumping-clock.ts';

const signal = new AbortController().signal;
const policy = { firstMs: 1, multiplier: 2, longestMs: 100 };

function failing(kind: StoreErrorKind, times: number): { attempt: () => Promise<string>; count: () => number } {
  let count = 0;
  const attempt = async (): Promise<string> => {
    count += 1;
    if (count <= times) {
      throw new StoreError(kind, { action: 'read', object: 'it', found: `failure ${count}` });
    }
    return 'done';
  };
  return { attempt, count: () => count };
}

function fakeClock(): { clock: Clock; slept: number[] } {
  const slept: number[] = [];
  const sleep = async (ms: number, stop?: AbortSignal): Promise<void> => {
    stop?.throwIfAborted();
    slept.push(ms);
  };
  return { clock: { now: () => 0, monotonic: () => 0, sleep }, slept };
}

test('a transient failure is tried again after each delay', async () => {
  const { clock, slept } = fakeClock();
  assert.equal(
    await retryTransient(failing('transient', 2).attempt, { clock, signal, policy: { ...policy, retries: 3 } }),
    'done',
  );
  assert.deepEqual(slept, [1, 2]);
});

test('the last failure is thrown', async () => {
  const { clock, slept } = fakeClock();
  const { attempt } = failing('transient', 9);
  await assert.rejects(retryTransient(attempt, { clock, signal, policy: { ...policy, retries: 2 } }), {
    message: /failure 3/,
  });
  assert.deepEqual(slept, [1, 2]);
});

test('no other failure is tried again', async () => {
  const { clock } = fakeClock();
  const { attempt, count } = failing('denied', 1);
  await assert.rejects(retryTransient(attempt, { clock, signal }), { kind: 'denied' });
  assert.equal(count(), 1);
});

test('cancelling ends the waiting', async () => {
  const { clock } = fakeClock();
  const reason = new Error('enough');
  const { attempt } = failing('transient', 9);
  await assert.rejects(retryTransient(attempt, { clock, signal: AbortSignal.abort(reason) }), reason);
});

test('a store that asks for a longer wait gets it, up to a minute', async () => {
  const { clock, slept } = fakeClock();
  const asked = [500, 7_000, 3_600_000];
  const attempt = async (): Promise<never> => {
    throw new StoreError('transient', { action: 'read', object: 'it', found: 'busy', retryAfterMs: asked.shift() });
  };
  await assert.rejects(
    retryTransient(attempt, { clock, signal, policy: { firstMs: 1_000, multiplier: 1, longestMs: 1_000, retries: 3 } }),
  );
  assert.deepEqual(slept, [1_000, 7_000, 60_000]);
});

test('requests and transfers are tried for 31 s: requests after 0.5 s and so on, transfers after 1, 2, 4, 8 and 16 s', () => {
  assert.deepEqual([...retryWaits(requestRetries)], [500, 1_000, 2_000, 4_000, 8_000, 15_500]);
  assert.deepEqual([...retryWaits(transferRetries)], [1_000, 2_000, 4_000, 8_000, 16_000]);
});

test('each further try is told, with its number and the time so far', async () => {
  const clock = jumpingClock();
  const told: RetryProgress[] = [];
  await retryTransient(failing('transient', 2).attempt, {
    clock,
    signal,
    policy: { ...policy, firstMs: 100, retries: 6 },
    onRetry: (_, progress) => told.push(progress),
  });
  assert.deepEqual(told, [
    { next: 2, most: 7, delayMs: 100, elapsedMs: 0 },
    { next: 3, most: 7, delayMs: 100, elapsedMs: 100 },
  ]);
});

/** How long it lasts, ms, when each try lasts `ms` and fails. */
async function lasting(ms: number, what: RetryPolicy): Promise<number> {
  const clock = jumpingClock();
  const attempt = async (): Promise<never> => {
    clock.advance(ms);
    throw new StoreError('transient', { action: 'read', object: 'it', found: 'nothing came back' });
  };
  await assert.rejects(retryTransient(attempt, { clock, signal, policy: what }), { kind: 'transient' });
  return clock.monotonic();
}

test('a store that never answers holds a request up for two of its deadlines, and the opening of a body for one', async () => {
  assert.equal(await lasting(defaultTimeouts.requestMs, requestRetries), 120_500);
  assert.equal(await lasting(defaultTimeouts.requestMs, shortRetries), 60_000);
  assert.equal(await lasting(60_000, transferRetries), 391_000);
});

test('short tries are not cut short, nor is a wait that the store has asked for', async () => {
  assert.equal(await lasting(10, requestRetries), 31_070);
  const clock = jumpingClock();
  const busy = async (): Promise<never> => {
    throw new StoreError('transient', { action: 'read', object: 'it', found: 'busy', retryAfterMs: 3_600_000 });
  };
  await assert.rejects(retryTransient(busy, { clock, signal }), { kind: 'transient' });
  assert.deepEqual(
    clock.sleeps,
    Array.from({ length: 6 }, () => 60_000),
  );
});
