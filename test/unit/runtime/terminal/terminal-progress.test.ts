import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '../../../../src/runtime/clock.ts';
import { progressText, terminalProgress } from '../../../../src/runtime/terminal/terminal-progress.ts';

const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.reject(new Error('not used')) };

function recorder() {
  const shown: (string | undefined)[] = [];
  const line = { print: () => undefined, show: (status: string | undefined) => void shown.push(status) };
  return { progress: terminalProgress({ line, clock }), shown };
}

describe('a progress bar', () => {
  const mib = 1024 * 1024;

  it('says label, share, rate and time left', () => {
    const facts = { label: 'uploading', unit: 'bytes', done: 12 * mib, total: 24 * mib, elapsedMs: 2_000 } as const;
    assert.equal(
      progressText({ ...facts, secondsLeft: 65 }),
      'uploading [============            ]  50%  6.0 MiB/s  1m05s left',
    );
    assert.equal(
      progressText({ ...facts, secondsLeft: undefined }),
      'uploading [============            ]  50%  6.0 MiB/s',
    );
  });

  it('counts events and objects', () => {
    const facts = { label: 'applying', done: 30_000, total: 300_000, elapsedMs: 1_000, secondsLeft: 9 } as const;
    assert.match(progressText({ ...facts, unit: 'events' }), /10% {2}30,000 events\/s {2}9s left$/);
    assert.match(progressText({ ...facts, unit: 'objects' }), /30,000 objects\/s/);
  });

  it('says how far it is when the total is not known', () => {
    const facts = { label: 'receiving', unit: 'bytes', done: 3 * mib, total: undefined, elapsedMs: 1_000 } as const;
    assert.equal(progressText({ ...facts, secondsLeft: undefined }), 'receiving  3.0 MiB  3.0 MiB/s');
  });

  it('never shows more than everything', () => {
    const facts = { label: 'x', unit: 'events', done: 20, total: 10, elapsedMs: 0, secondsLeft: undefined } as const;
    assert.match(progressText(facts), / 100% /);
  });

  it('is shown at once, follows a corrected total, and is gone at its end', () => {
    const { progress, shown } = recorder();
    {
      using bar = progress.start({ label: 'restoring', unit: 'events', total: 10 });
      bar.advance(5);
      bar.expect(20);
    }
    assert.match(String(shown[0]), /^restoring \[ +\] +0%/);
    assert.match(String(shown.at(-2)), /25%/);
    assert.equal(shown.at(-1), undefined);
  });

  it('gives way to a later one and comes back', () => {
    const { progress, shown } = recorder();
    const outer = progress.start({ label: 'outer', unit: 'objects', total: 2 });
    const inner = progress.start({ label: 'inner', unit: 'bytes', total: 2 });
    assert.match(String(shown.at(-1)), /^inner/);
    inner[Symbol.dispose]();
    outer.advance(1);
    outer[Symbol.dispose]();
    outer[Symbol.dispose]();
    assert.match(String(shown.at(-2)), /^outer/);
    assert.equal(shown.at(-1), undefined);
  });
});
