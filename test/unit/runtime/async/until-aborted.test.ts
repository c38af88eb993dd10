import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { untilAborted } from '../../../../src/runtime/async/until-aborted.ts';

describe('work until an abort', () => {
  it('settles as the work does', async () => {
    const { signal } = new AbortController();
    assert.equal(await untilAborted(Promise.resolve(1), signal), 1);
    await assert.rejects(untilAborted(Promise.reject(new Error('broken')), signal), /broken/);
  });

  it('rejects with the reason of the abort and cancels the work', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const log: string[] = [];
    const waiting = untilAborted(new Promise(() => {}), stop.signal, () => void log.push('cancelled'));
    stop.abort(reason);
    await assert.rejects(waiting, reason);
    assert.deepEqual(log, ['cancelled']);
    await assert.rejects(untilAborted(new Promise(() => {}), stop.signal), reason);
  });

  it('ignores that the work fails later', async () => {
    const work = Promise.withResolvers<void>();
    await assert.rejects(untilAborted(work.promise, AbortSignal.abort(new Error('enough'))), /enough/);
    work.reject(new Error('too late'));
    await new Promise(setImmediate);
  });
});
