import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gracePeriodAfter } from '../../../../src/runtime/async/grace-period.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';

describe('a grace period', () => {
  it('begins with the abort and ends with the same reason', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const reason = new Error('stopped');
    using grace = gracePeriodAfter(stop.signal, { ms: 5_000, clock });
    await clock.advance(60_000);
    stop.abort(reason);
    await clock.advance(4_999);
    assert.equal(grace.signal.aborted, false);
    await clock.advance(1);
    assert.equal(grace.signal.reason, reason);
  });

  it('begins at once when the signal has aborted already', async () => {
    const clock = new FakeClock();
    using grace = gracePeriodAfter(AbortSignal.abort(), { ms: 5_000, clock });
    await clock.advance(5_000);
    assert.ok(grace.signal.aborted);
  });

  it('never aborts after it was disposed of', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const grace = gracePeriodAfter(stop.signal, { ms: 5_000, clock });
    stop.abort();
    grace[Symbol.dispose]();
    await clock.advance(60_000);
    assert.equal(grace.signal.aborted, false);
    assert.deepEqual(clock.waits, []);
  });
});
