import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import type { Clock } from '../../../../src/runtime/clock.ts';
import { Interrupted } from '../../../../src/runtime/process/interrupted.ts';
import { watchSignals } from '../../../../src/runtime/process/signals.ts';

function watched() {
  const source = new EventEmitter();
  const heard: string[] = [];
  const sleeps: { readonly ms: number; readonly signal: AbortSignal | undefined; end: () => void }[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: (ms, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      signal?.addEventListener('abort', () => reject(signal.reason));
      sleeps.push({ ms, signal, end: resolve });
      return promise;
    },
  };
  const watch = watchSignals({
    source,
    clock,
    graceMs: 10_000,
    onFirst: (signal) => heard.push(`first ${signal}`),
    onForced: (signal, why) => heard.push(`forced ${signal}, ${why}`),
  });
  return { source, heard, sleeps, watch };
}

describe('signals', () => {
  for (const [name, exitCode] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`the first ${name} aborts`, () => {
      const { source, heard, watch } = watched();
      assert.equal(watch.signal.aborted, false);
      source.emit(name);
      assert.ok(watch.signal.reason instanceof Interrupted);
      assert.equal(watch.signal.reason.stopSignal, name);
      assert.equal(watch.signal.reason.exitCode, exitCode);
      assert.deepEqual(heard, [`first ${name}`]);
    });
  }

  it('a second one forces', () => {
    const { source, heard } = watched();
    source.emit('SIGTERM');
    source.emit('SIGINT');
    assert.deepEqual(heard, ['first SIGTERM', 'forced SIGINT, second signal']);
  });

  it('so does the end of the time', async () => {
    const { source, heard, sleeps } = watched();
    source.emit('SIGTERM');
    assert.equal(sleeps[0]?.ms, 10_000);
    sleeps[0]?.end();
    await Promise.resolve();
    assert.deepEqual(heard, ['first SIGTERM', 'forced SIGTERM, time is over']);
  });

  it('nothing is left when the watch ends', async () => {
    const { source, heard, sleeps, watch } = watched();
    source.emit('SIGTERM');
    watch[Symbol.dispose]();
    await Promise.resolve();
    assert.equal(sleeps[0]?.signal?.aborted, true);
    assert.deepEqual(source.eventNames(), []);
    assert.deepEqual(heard, ['first SIGTERM']);
  });
});
