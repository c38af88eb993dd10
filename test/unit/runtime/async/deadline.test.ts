import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadlineIn } from '../../../../src/runtime/async/deadline.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';

test('work that ignores its signal is not waited for after its time', async () => {
  const clock = new FakeClock();
  using deadline = deadlineIn(100, { signal: new AbortController().signal, clock });
  const bound = deadline.bound(new Promise(() => {}));
  const outcome = assert.rejects(bound, { name: 'TimeoutError' });
  await clock.advance(99);
  assert.equal(deadline.isOver, false);
  await clock.advance(1);
  assert.equal(deadline.isOver, true);
  await outcome;
});

test("the caller's signal ends it as well, and work in time is what it is", async () => {
  const clock = new FakeClock();
  const caller = new AbortController();
  const deadline = deadlineIn(100, { signal: caller.signal, clock });
  assert.equal(await deadline.bound(Promise.resolve(7)), 7);
  caller.abort(new Error('enough'));
  await assert.rejects(deadline.bound(new Promise(() => {})), /enough/);
  deadline[Symbol.dispose]();
  await clock.advance(0);
  assert.deepEqual(clock.waits, []);
});
