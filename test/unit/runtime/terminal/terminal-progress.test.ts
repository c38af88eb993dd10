import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { progressText, terminalProgress } from '../../../../src/runtime/terminal/terminal-progress.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';

const mib = 1024 * 1024;

describe('the text of a task', () => {
  it('is label, percent, amount, rate and time left', () => {
    const task = { label: 'uploading', unit: 'bytes', done: 12 * mib, total: 402 * mib, elapsedMs: 2_000 } as const;
    assert.equal(progressText(task), 'uploading  2%  12.0 MiB of 402.0 MiB  6.0 MiB/s  1m05s left');
  });

  it('has no time left before anything is done', () => {
    const task = { label: 'uploading', unit: 'bytes', done: 0, total: 24 * mib, elapsedMs: 2_000 } as const;
    assert.equal(progressText(task), 'uploading  0%  0 B of 24.0 MiB  0 B/s');
  });

  it('counts events and objects', () => {
    const task = { label: 'applying', done: 30_000, total: 300_000, elapsedMs: 1_000 } as const;
    assert.equal(
      progressText({ ...task, unit: 'events' }),
      'applying  10%  30,000 of 300,000 events  30,000 events/s  9s left',
    );
    assert.match(progressText({ ...task, unit: 'objects' }), / 30,000 objects\/s/);
  });

  it('is what is done when the total is not known', () => {
    const task = { label: 'receiving', unit: 'bytes', done: 3 * mib, total: undefined, elapsedMs: 1_000 } as const;
    assert.equal(progressText(task), 'receiving  3.0 MiB  3.0 MiB/s');
  });

  it('never goes beyond the whole', () => {
    const task = { label: 'x', unit: 'events', done: 20, total: 10, elapsedMs: 1_000 } as const;
    assert.equal(progressText(task), 'x  100%  20 of 10 events  20 events/s  0s left');
  });
});

describe('progress on a terminal', () => {
  function recorder() {
    const shown: (string | undefined)[] = [];
    const line = { print: () => undefined, show: (status: string | undefined) => void shown.push(status) };
    const clock = new FakeClock();
    return { progress: terminalProgress({ line, clock }), shown, clock };
  }

  it('is shown at once, follows a corrected total, and is gone at its end', () => {
    const { progress, shown } = recorder();
    {
      using task = progress.start({ label: 'restore', unit: 'events', total: 10 });
      task.advance(5);
      task.expect(20);
    }
    assert.match(String(shown[0]), /^restore {2}0%/);
    assert.match(String(shown.at(-2)), /^restore {2}25%/);
    assert.equal(shown.at(-1), undefined);
  });

  it('is drawn five times a second at most', async () => {
    const { progress, shown, clock } = recorder();
    using task = progress.start({ label: 'restore', unit: 'events', total: 1_000 });
    for (let turn = 0; turn < 100; turn++) {
      task.advance(1);
      await clock.advance(10);
    }
    assert.ok(shown.length >= 5 && shown.length <= 6, `drawn ${shown.length} times in a second`);
  });

  it('gives way to a later task and comes back', () => {
    const { progress, shown } = recorder();
    const outer = progress.start({ label: 'outer', unit: 'objects', total: 2 });
    const inner = progress.start({ label: 'inner', unit: 'bytes', total: 2 });
    assert.match(String(shown.at(-1)), /^inner/);
    inner[Symbol.dispose]();
    assert.match(String(shown.at(-1)), /^outer/);
    outer[Symbol.dispose]();
    assert.equal(shown.at(-1), undefined);
    const times = shown.length;
    outer[Symbol.dispose]();
    assert.equal(shown.length, times, 'a task that has ended draws nothing');
  });
});
