import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { untilStoreReturns } from '../../../src/server/until-store-returns.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';

describe('the return of a store', () => {
  it('is seen within 15 s, also where it hung or could not be opened', async () => {
    for (const away of ['refuses', 'hangs'] as const) {
      const clock = new FakeClock();
      let isAway = true;
      const ask = (): Promise<void> =>
        isAway
          ? away === 'hangs'
            ? new Promise(() => undefined)
            : Promise.reject(new Error('away'))
          : Promise.resolve();
      const { signal } = new AbortController();
      let seenAt: number | undefined;
      const returned = untilStoreReturns(ask, { clock, signal }).then(() => {
        seenAt = clock.monotonic();
      });
      await clock.advance(300_000);
      assert.equal(seenAt, undefined, away);
      isAway = false;
      // A question that hangs takes ten seconds more.
      await clock.advance(away === 'hangs' ? 25_000 : 15_000);
      await returned;
    }
  });

  it('is none where it was not away: something else is wrong, and the questions end', async () => {
    const clock = new FakeClock();
    let asked = 0;
    const controller = new AbortController();
    const ask = async (): Promise<void> => {
      asked += 1;
    };
    const waits = untilStoreReturns(ask, { clock, signal: controller.signal });
    let isOver = false;
    waits.catch(() => {
      isOver = true;
    });
    await clock.advance(600_000);
    assert.deepEqual([asked, isOver], [1, false]);
    controller.abort(new Error('enough'));
    await assert.rejects(waits, /enough/);
  });
});
