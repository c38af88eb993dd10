import assert from 'node:assert/strict';
import { it } from 'node:test';
import { stillGoing } from '../../../../src/runtime/log/still-going.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { recordedContext } from '../../../support/context/run-context.ts';

it('work that goes on is logged every half minute, until it ends', async () => {
  const clock = new FakeClock();
  const context = { ...recordedContext(), clock };
  const { promise, resolve } = Promise.withResolvers<string>();
  const done = stillGoing('Reading db', context, () => promise);
  await clock.untilSleeping(30_000);
  await clock.advance(30_000);
  await clock.untilSleeping(30_000);
  await clock.advance(30_000);
  await clock.untilSleeping(30_000);
  resolve('end');
  assert.equal(await done, 'end');
  await clock.advance(90_000);
  assert.deepEqual(
    context.lines.map(({ text }) => text),
    ['Reading db goes on, for 30s so far', 'Reading db goes on, for 1m00s so far'],
  );
});
