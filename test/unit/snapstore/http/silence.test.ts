import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BodyDripped, BodyFault } from '../../../../src/snapstore/http/body-fault.ts';
import { DeadlineExceeded } from '../../../../src/snapstore/http/request-deadline.ts';
import { Silence } from '../../../../src/snapstore/http/silence.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { type JumpingClock, jumpingClock } from '../../../support/clock/jumping-clock.ts';

const what = { action: 'read', object: 'it' };
const bounds = { afterMs: 300_000, thenMs: 10_000 };
const minute = 60_000;

function silent(): {
  readonly clock: JumpingClock;
  readonly silence: Silence;
  readonly wait: (error?: Error) => StoreError;
} {
  const clock = jumpingClock();
  const silence = new Silence('read', { clock, bounds });
  return {
    clock,
    silence,
    /** A request of which nothing comes back within its time. */
    wait: (error = new DeadlineExceeded(minute)) => {
      const hearing = silence.begin(what);
      clock.advance(hearing.within(minute));
      return hearing.failed(error, new StoreError('transient', { ...what, found: error.message }));
    },
  };
}

describe('a store that answers no read', () => {
  it('is waited for as long as for one object, and for two more a while; then nothing is sent', () => {
    const { clock, silence, wait } = silent();
    const tries = Array.from({ length: 5 }, () => wait());
    assert.deepEqual(
      tries.map(({ isLasting }) => isLasting),
      [false, false, false, false, true],
    );
    assert.match(tries[4]?.message ?? '', /within 60 s, and the store has answered no read for 5 minutes; check/);
    const before = clock.monotonic();
    assert.equal(wait().isLasting, true);
    assert.equal(wait().isLasting, true);
    assert.equal(clock.monotonic() - before, 20_000);
    assert.throws(() => silence.begin(what), { isLasting: true, kind: 'transient', message: /no read for 5 minutes/ });
  });

  it('counts what drips as well', () => {
    const { wait } = silent();
    const tries = Array.from({ length: 5 }, () => wait(new BodyDripped('no more than 3 bytes came within 60 s')));
    assert.equal(tries.at(-1)?.isLasting, true);
  });

  it('gets all the time again as soon as it answers, whatever it is', () => {
    for (const answer of ['whole', 'broken'] as const) {
      const { silence, wait } = silent();
      Array.from({ length: 6 }, () => wait());
      const hearing = silence.begin(what);
      if (answer === 'whole') {
        hearing.answered();
      } else {
        const translated = new StoreError('transient', { ...what, found: 'it broke' });
        assert.equal(hearing.failed(new BodyFault('it broke'), translated), translated);
      }
      assert.equal(silence.begin(what).within(minute), minute, answer);
      assert.equal(wait().isLasting, false, answer);
    }
  });

  it('gets all the time again when nothing was asked of it for a while', () => {
    const { clock, silence, wait } = silent();
    Array.from({ length: 7 }, () => wait());
    clock.advance(minute + 1);
    assert.equal(silence.begin(what).within(minute), minute);
    assert.equal(wait().isLasting, false);
  });

  it('is not judged by requests that run at the same time', () => {
    const { clock, silence } = silent();
    const hearings = Array.from({ length: 20 }, () => silence.begin(what));
    clock.advance(minute);
    const failure = new StoreError('transient', { ...what, found: 'x' });
    assert.ok(hearings.every((each) => !each.failed(new DeadlineExceeded(minute), failure).isLasting));
  });
});
