import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lateArrival } from '../../../../src/snapstore/upload/late-arrival.ts';
import { jumpingClock } from '../../../support/clock/jumping-clock.ts';

const { signal } = new AbortController();

test('what is there at once is found without a wait', async () => {
  const clock = jumpingClock();
  assert.equal(await lateArrival(async () => 'object', { clock, signal }), 'object');
  assert.deepEqual(clock.sleeps, []);
});

test('what appears later is found by a later look', async () => {
  const clock = jumpingClock();
  const look = async (): Promise<string | undefined> => (clock.monotonic() >= 150 ? 'object' : undefined);
  assert.equal(await lateArrival(look, { clock, signal }), 'object');
  assert.deepEqual(clock.sleeps, [100, 300]);
});

test('what never appears is looked for during one second', async () => {
  const clock = jumpingClock();
  assert.equal(await lateArrival(async () => undefined, { clock, signal }), undefined);
  assert.deepEqual(clock.sleeps, [100, 300, 600]);
});

test('a signal that aborts ends the search with its reason', async () => {
  const reason = new Error('it took too long');
  const ended = new AbortController();
  const look = async (): Promise<undefined> => {
    ended.abort(reason);
    return undefined;
  };
  await assert.rejects(lateArrival(look, { clock: jumpingClock(), signal: ended.signal }), reason);
});
