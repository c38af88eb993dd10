import assert from 'node:assert/strict';
import { it } from 'node:test';
import { stillGoing } from '../../../../src/runtime/log/still-going.ts';
import { recordedContext } from '../../../support/context/run-context.ts';

it('work that goes on is logged every half minute, until it ends', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  const { clock, ...context } = recordedContext();
  const passing = { ...clock, monotonic: () => now };
  const { promise, resolve } = Promise.withResolvers<string>();
  const done = stillGoing('Reading db', { ...context, clock: passing }, () => promise);
  for (const at of [30_000, 60_000]) {
    now = at;
    t.mock.timers.tick(30_000);
  }
  resolve('end');
  assert.equal(await done, 'end');
  t.mock.timers.tick(90_000);
  assert.deepEqual(
    context.lines.map(({ text }) => text),
    ['Reading db goes on, for 30s so far', 'Reading db goes on, for 1m00s so far'],
  );
});
