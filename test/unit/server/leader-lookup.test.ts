import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeaderLookup } from '../../../src/server/leader-lookup.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';

describe('the question who leads', () => {
  it('is asked once for all who ask at the same time, and again for those who ask later', async () => {
    let asked = 0;
    const answer = Promise.withResolvers<string>();
    const sidecar = {
      leaderClientUrl: () => {
        asked += 1;
        return asked === 1 ? answer.promise : Promise.resolve('http://b:1');
      },
    };
    const lookup = new LeaderLookup(sidecar, new FakeClock());
    const all = Promise.all([lookup.find(), lookup.find(), lookup.find()]);
    answer.resolve('http://a:1');
    assert.deepEqual(await all, ['http://a:1', 'http://a:1', 'http://a:1']);
    assert.equal(await lookup.find(), 'http://b:1');
    assert.equal(asked, 2);
  });

  it('is given up after ten seconds, also when nobody hears that, and asked anew', async () => {
    const clock = new FakeClock();
    const signals: AbortSignal[] = [];
    const lookup = new LeaderLookup(
      {
        leaderClientUrl: ({ signal }) => {
          signals.push(signal);
          return signals.length === 1 ? new Promise(() => {}) : Promise.resolve(undefined);
        },
      },
      clock,
    );
    const refused = assert.rejects(lookup.find(), /etcd does not say within 10 s who leads/);
    await clock.advance(10_000);
    await refused;
    assert.equal(signals[0]?.aborted, true);
    assert.equal(await lookup.find(), undefined);
    assert.deepEqual(clock.waits, []);
  });

  it('may fail, and is asked anew then', async () => {
    let asked = 0;
    const lookup = new LeaderLookup(
      {
        leaderClientUrl: () => {
          asked += 1;
          return asked === 1 ? Promise.reject(new Error('away')) : Promise.resolve('http://a:1');
        },
      },
      new FakeClock(),
    );
    await assert.rejects(lookup.find(), /away/);
    assert.equal(await lookup.find(), 'http://a:1');
  });
});
