import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeadershipTerms } from '../../../src/server/leadership-terms.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';

const { signal } = new AbortController();

describe('the work of leads', () => {
  it('is never done twice at once, and not at all for a lead that was lost before its turn', async () => {
    const clock = new FakeClock();
    const begun: number[] = [];
    const ends: PromiseWithResolvers<void>[] = [];
    const leads = new LeadershipTerms(
      async (lead) => {
        begun.push(lead);
        const end = Promise.withResolvers<void>();
        ends.push(end);
        await end.promise;
      },
      { clock, log: new RecordedLog(), signal },
    );
    leads.begin(1);
    await clock.advance(0);
    leads.end(new Error('lost'));
    leads.begin(2);
    leads.end(new Error('lost'));
    leads.begin(3);
    await clock.advance(1_000);
    assert.deepEqual(begun, [1]);
    ends[0]?.resolve();
    await clock.advance(0);
    assert.deepEqual(begun, [1, 3]);
    ends[1]?.resolve();
    await leads.ended();
  });

  it('is begun again when it ends by a fault, until the lead is lost', async () => {
    const clock = new FakeClock();
    const log = new RecordedLog();
    let times = 0;
    const leads = new LeadershipTerms(
      () => {
        times += 1;
        return Promise.reject(new TypeError('a fault'));
      },
      { clock, log, signal },
    );
    leads.begin(1);
    await clock.advance(59_999);
    assert.equal(times, 1);
    await clock.advance(1);
    assert.equal(times, 2);
    leads.end(new Error('lost'));
    await leads.ended();
    assert.equal(log.count(/ended by a fault/), 2);
  });

  it('ends with the process: what is ended by that is no fault, and nothing is begun again or waited for', async () => {
    for (const when of ['while it works', 'while it waits']) {
      const clock = new FakeClock();
      const log = new RecordedLog();
      const stop = new AbortController();
      const fault = Promise.withResolvers<void>();
      let times = 0;
      const leads = new LeadershipTerms(
        () => {
          times += 1;
          return fault.promise;
        },
        { clock, log, signal: stop.signal },
      );
      leads.begin(1);
      await clock.advance(0);
      if (when === 'while it waits') {
        fault.reject(new TypeError('a fault'));
        await clock.advance(1_000);
      }
      stop.abort(new Error('SIGTERM'));
      fault.reject(stop.signal.reason);
      await leads.ended();
      leads.begin(2);
      await leads.ended();
      assert.deepEqual([times, log.count(/ended by a fault/)], [1, when === 'while it waits' ? 1 : 0], when);
    }
  });
});
