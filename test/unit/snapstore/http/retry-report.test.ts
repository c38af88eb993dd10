import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { retryReport } from '../../../../src/snapstore/http/retry-report.ts';
import { retryTransient } from '../../../../src/snapstore/retry-transient.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { jumpingClock } from '../../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';

const { signal } = new AbortController();

function failing(times: number): () => Promise<string> {
  let left = times;
  return async () => {
    left -= 1;
    if (left >= 0) {
      throw new StoreError('transient', { action: 'list', object: 's3://b', found: 'the store answered 503' });
    }
    return 'done';
  };
}

describe('what is tried again', () => {
  it('is told as a warning once it takes a while', async () => {
    const clock = jumpingClock();
    const log = new RecordedLog();
    await retryTransient(failing(4), { clock, signal, onRetry: retryReport({ log, clock }) });
    assert.deepEqual(
      log.lines.map(({ level, text }) => [level, text]),
      [
        ['debug', 'Trying again in 0.5 s, try 2 of at most 7: cannot list s3://b: the store answered 503'],
        ['debug', 'Trying again in 1 s, try 3 of at most 7: cannot list s3://b: the store answered 503'],
        ['warn', 'Trying again in 2 s, try 4 of at most 7: cannot list s3://b: the store answered 503'],
        ['warn', 'Trying again in 4 s, try 5 of at most 7: cannot list s3://b: the store answered 503'],
      ],
    );
  });

  it('is told once for many requests at a time', async () => {
    const clock = jumpingClock();
    const log = new RecordedLog();
    const onRetry = retryReport({ log, clock });
    const error = new StoreError('transient', { action: 'list', object: 's3://b', found: 'the store answered 503' });
    for (let request = 0; request < 100; request++) {
      onRetry(error, { next: 2, most: 7, delayMs: 60_000, elapsedMs: 0 });
    }
    assert.equal(log.lines.filter(({ level }) => level === 'warn').length, 1);
  });
});
