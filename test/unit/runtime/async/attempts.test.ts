import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inAttempts } from '../../../../src/runtime/async/attempts.ts';
import type { Clock } from '../../../../src/runtime/clock.ts';

const policy = { attempts: 3, firstMs: 100, multiplier: 2, longestMs: 150 };

function waiting(waits: number[]): Clock {
  return {
    now: () => 0,
    monotonic: () => 0,
    sleep: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
}

test('work is tried until it succeeds, with waits that grow up to the longest, and a tenth of chance', async () => {
  const waits: number[] = [];
  let tries = 0;
  const options = { policy, clock: waiting(waits), signal: new AbortController().signal, random: () => 1 };
  const work = (): Promise<number> => {
    tries += 1;
    return tries < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve(tries);
  };
  assert.equal(await inAttempts(work, { ...options, delayAfter: () => 5 }), 3);
  assert.deepEqual(waits.map(Math.round), [115, 170]);
});

test('the last error is thrown, at once where another attempt is of no use', async () => {
  const waits: number[] = [];
  const options = { policy, clock: waiting(waits), signal: new AbortController().signal, random: () => 0 };
  const fails = (): Promise<never> => Promise.reject(new Error('no'));
  await assert.rejects(inAttempts(fails, { ...options, delayAfter: () => 0 }), /no/);
  assert.deepEqual(waits, [100, 150]);
  await assert.rejects(inAttempts(fails, { ...options, delayAfter: () => undefined }), /no/);
  assert.deepEqual(waits, [100, 150]);
  await assert.rejects(
    inAttempts(fails, { ...options, signal: AbortSignal.abort(new Error('ended')), delayAfter: () => 0 }),
    /ended/,
  );
});
