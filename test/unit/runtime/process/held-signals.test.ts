import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { HeldSignals } from '../../../../src/runtime/process/held-signals.ts';

function held() {
  const source = new EventEmitter();
  const forced: string[] = [];
  const heard: string[] = [];
  const sleeps: { readonly end: () => void; readonly signal: AbortSignal | undefined }[] = [];
  const signals = new HeldSignals({
    source,
    clock: {
      sleep: (_ms, signal) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        signal?.addEventListener('abort', () => reject(signal.reason));
        sleeps.push({ end: resolve, signal });
        return promise;
      },
    },
    graceMs: 10_000,
    onForced: (signal) => forced.push(signal),
  });
  const listener = () => void heard.push('heard');
  return { source, signals, forced, heard, sleeps, listener };
}

describe('a signal', () => {
  it('that comes before somebody listens is kept for them, once', async () => {
    const { source, signals, forced, heard, sleeps, listener } = held();
    source.emit('SIGTERM');
    signals.on('SIGINT', listener);
    await Promise.resolve();
    assert.deepEqual(heard, []);
    signals.on('SIGTERM', listener);
    assert.deepEqual(heard, [], 'not before the listener is returned to');
    await Promise.resolve();
    assert.deepEqual(heard, ['heard']);
    signals.on('SIGTERM', () => assert.fail('it was taken'));
    await Promise.resolve();
    assert.equal(sleeps[0]?.signal?.aborted, true);
    assert.deepEqual(forced, []);
  });

  it('ends the program when nobody listens in time, and so does a second one', async () => {
    const first = held();
    first.source.emit('SIGHUP');
    assert.deepEqual(first.forced, []);
    first.sleeps[0]?.end();
    await Promise.resolve();
    assert.deepEqual(first.forced, ['SIGHUP']);
    const second = held();
    second.source.emit('SIGTERM');
    second.source.emit('SIGINT');
    assert.deepEqual(second.forced, ['SIGINT']);
  });

  it('that comes after the one that ended the work ends the program while the error is told', () => {
    const { source, signals, forced, heard, listener } = held();
    signals.on('SIGTERM', listener);
    source.emit('SIGTERM');
    signals.off('SIGTERM', listener);
    source.emit('SIGTERM');
    assert.deepEqual(heard, ['heard']);
    assert.deepEqual(forced, ['SIGTERM']);
  });

  it('that comes when the work is done changes nothing', async () => {
    const { source, signals, forced, sleeps } = held();
    signals.done();
    source.emit('SIGTERM');
    source.emit('SIGTERM');
    assert.deepEqual([forced, sleeps], [[], []]);
    assert.equal(source.listenerCount('SIGTERM'), 1, 'the process goes on listening');
  });
});
