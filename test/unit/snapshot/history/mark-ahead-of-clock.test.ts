import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import { beganOn, type HistoryMarker } from '../../../../src/snapshot/history/history-marker.ts';
import { markAheadOfClock } from '../../../../src/snapshot/history/mark-ahead-of-clock.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';

const NOW = 2_000;

/** How each snapshot is marked: `-` not at all, `not used`, or the time before which it was taken. */
function marks(names: readonly string[], markers: readonly HistoryMarker[] = []): readonly unknown[] {
  const marked = markAheadOfClock(
    names.map((name) => ({ ...snapshotNamed(name), size: 1_000 })),
    markers,
    NOW,
  );
  return marked.map((each) =>
    each.ahead === undefined ? '-' : 'excluded' in each ? 'not used' : (each.ahead.before ?? 'any time'),
  );
}

describe('what is named ahead of the clock', () => {
  it('is marked from five minutes on', () => {
    assert.deepEqual(marks(['Full-0-10-2300', 'Incr-11-20-2301']), ['-', 'any time']);
  });

  it('is not used where others reach as far', () => {
    assert.deepEqual(marks(['Full-0-10-1000', 'Full-0-15-9000', 'Incr-11-20-1100', 'Incr-16-20-9000']), [
      '-',
      'not used',
      '-',
      'not used',
    ]);
  });

  it('is used where others leave a hole, and was taken before what comes next', () => {
    const names = ['Full-0-10-1000', 'Incr-11-20-9000', 'Full-0-20-9001', 'Incr-21-30-1500', 'Incr-31-40-9002'];
    assert.deepEqual(marks(names), ['-', 1500, 1500, '-', 'any time']);
  });

  it('is held against its own history alone', () => {
    const left = ['Full-0-10-1000', 'Incr-11-90-1100'];
    const living = ['Full-0-20-9000', 'Incr-21-30-9001'];
    const marker: HistoryMarker = {
      name: 'History-9000-00000010.json',
      begunOn: 9_000,
      shared: revision(10),
      why: 'rolled_back',
      first: 'Full-00000000-00000020-9000',
      clusterId: '1',
      left: [snapshotNamed('Incr-11-90-1100').name],
    };
    assert.deepEqual(marks([...left, ...living], [marker]), ['-', '-', 'any time', 'any time']);
  });
});

it('a history began when its first full was taken, also where it left what is named ahead of the clock', () => {
  assert.equal(beganOn({ begunOn: 9_000, first: 'Full-00000000-00000020-1500.gz' }), 1_500);
  assert.equal(beganOn({ begunOn: 1_500, first: 'Full-00000000-00000020-9000.gz' }), 1_500);
  assert.equal(beganOn({ begunOn: 9_000, first: 'strange' }), 9_000);
});
