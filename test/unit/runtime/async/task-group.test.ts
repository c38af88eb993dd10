import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runTaskGroup } from '../../../../src/runtime/async/task-group.ts';

/** A task that runs until it is aborted. */
function untilAbort(signal: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

describe('a group of tasks', () => {
  it('ends when all tasks have ended', async () => {
    const ended: string[] = [];
    const task = (name: string) => async () => {
      await Promise.resolve();
      ended.push(name);
    };
    await runTaskGroup([task('a'), task('b')], new AbortController().signal);
    assert.deepEqual(ended, ['a', 'b']);
  });

  it('stops the others when one fails, and rejects with that failure after they have ended', async () => {
    const failure = new Error('broken');
    let ended = false;
    const slow = async (signal: AbortSignal): Promise<void> => {
      try {
        await untilAbort(signal);
      } finally {
        await new Promise(setImmediate);
        ended = true;
      }
    };
    const group = runTaskGroup([slow, () => Promise.reject(failure)], new AbortController().signal);
    await assert.rejects(group, failure);
    assert.ok(ended);
  });

  it('resolves when it was aborted and every task only stopped', async () => {
    const stop = new AbortController();
    const group = runTaskGroup([untilAbort, untilAbort], stop.signal);
    stop.abort(new Error('enough'));
    await group;
  });

  it('rejects when a task fails after the abort', async () => {
    const stop = new AbortController();
    const failing = async (signal: AbortSignal): Promise<void> => {
      await untilAbort(signal).catch(() => {});
      throw new Error('cannot clean up');
    };
    const group = runTaskGroup([failing, untilAbort], stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(group, /cannot clean up/);
  });
});
