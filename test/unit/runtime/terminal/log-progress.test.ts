import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { logProgress } from '../../../../src/runtime/terminal/log-progress.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';

describe('progress in a log', () => {
  it('is a line every half minute, and none for what is over before', async () => {
    const clock = new FakeClock();
    const log = new RecordedLog();
    const progress = logProgress({ log, clock });
    using _short = progress.start({ label: 'short', unit: 'objects', total: 3 });
    _short[Symbol.dispose]();
    {
      using bar = progress.start({ label: 'restore', unit: 'bytes', total: 1024 });
      await clock.advance(29_000);
      assert.deepEqual(log.texts, []);
      bar.advance(256);
      await clock.advance(1_000);
      bar.expect(512);
      await clock.advance(30_000);
    }
    await clock.advance(300_000);
    assert.deepEqual(log.texts, [
      'restore  25%  256 B of 1.0 KiB  9 B/s  1m30s left',
      'restore  50%  256 B of 512 B  4 B/s  1m00s left',
    ]);
    assert.deepEqual(log.lines[1]?.fields, { done: 256, total: 512, unit: 'bytes' });
    assert.deepEqual(clock.waits, []);
  });
});
