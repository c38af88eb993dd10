import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ArmedBackoff } from '../../../../src/runtime/async/armed-backoff.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';

const policy = { firstMs: 2_000, multiplier: 2, longestMs: 30_000 };
const { signal } = new AbortController();

describe('the wait after a failure', () => {
  it('is there only after one, longer each time until it works again', async () => {
    const [clock, backoff, waits] = [new FakeClock(), new ArmedBackoff(policy), [] as number[]];
    const wait = async (): Promise<void> => {
      const waited = backoff.wait(clock, signal, (ms) => waits.push(ms));
      await clock.advance(waits.at(-1) ?? 0);
      await waited;
    };
    await wait();
    backoff.arm();
    await wait();
    await wait();
    backoff.disarm();
    await wait();
    backoff.arm();
    await wait();
    assert.deepEqual(waits, [2_000, 4_000, 2_000]);
  });

  it('ends early at a sign that it works, and not where there is none', async () => {
    const [clock, backoff] = [new FakeClock(), new ArmedBackoff(policy)];
    backoff.arm();
    let heard: AbortSignal | undefined;
    const sign = async (_ms: number, over: AbortSignal): Promise<void> => {
      heard = over;
      await clock.sleep(500, over);
    };
    const cut = backoff.wait(clock, signal, () => undefined, sign);
    await clock.advance(500);
    await cut;
    assert.equal(clock.monotonic(), 500);
    assert.equal(heard?.aborted, true);
    let isOver = false;
    const whole = backoff.wait(
      clock,
      signal,
      () => undefined,
      () => Promise.reject(new Error('no sign')),
    );
    void whole.then(() => {
      isOver = true;
    });
    await clock.advance(3_999);
    assert.equal(isOver, false);
    await clock.advance(1);
    await whole;
  });

  it('rejects when the signal aborts', async () => {
    const [clock, backoff, controller] = [new FakeClock(), new ArmedBackoff(policy), new AbortController()];
    backoff.arm();
    const waited = backoff.wait(
      clock,
      controller.signal,
      () => undefined,
      (_ms, over) => clock.sleep(60_000, over),
    );
    controller.abort(new Error('enough'));
    await assert.rejects(waited, /enough/);
    assert.deepEqual(clock.waits, []);
  });
});
