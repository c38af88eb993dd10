import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rfc3339 } from '../../../src/runtime/log/rfc3339.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';

describe('the system clock', () => {
  it('sleeps at least as long as asked', async () => {
    const before = systemClock.monotonic();
    await systemClock.sleep(20);
    assert.ok(systemClock.monotonic() - before >= 19);
  });

  it('sleeps longer than a timer can count', async () => {
    const stop = new AbortController();
    let awake = false;
    const days = 24 * 60 * 60 * 1_000;
    const sleeping = systemClock.sleep(30 * days, stop.signal).then(() => {
      awake = true;
    });
    // A timer of so long would have fired after a millisecond.
    await systemClock.sleep(20);
    assert.equal(awake, false);
    stop.abort(new Error('enough'));
    await assert.rejects(sleeping);
  });

  it('wakes with the reason of its signal', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const sleeping = systemClock.sleep(60_000, stop.signal);
    stop.abort(reason);
    await assert.rejects(sleeping, reason);
    await assert.rejects(systemClock.sleep(60_000, stop.signal), reason);
  });
});

describe('a time in RFC 3339', () => {
  it('is the same moment in the local zone', () => {
    for (const ms of [0, 1_795_260_000_123, Date.UTC(2026, 6, 1)]) {
      assert.equal(Date.parse(rfc3339(ms)), ms);
    }
    assert.match(rfc3339(0), /^19(69|70)-\d\d-\d\dT\d\d:\d\d:00\.000(Z|[+-]\d\d:\d\d)$/);
  });
});
