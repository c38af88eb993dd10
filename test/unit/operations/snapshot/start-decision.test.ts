import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Schedule } from '../../../../src/operations/snapshot/schedule.ts';
import { decideStart } from '../../../../src/operations/snapshot/start-decision.ts';
import { revision } from '../../../../src/revision.ts';
import { newSnapshot } from '../../../../src/snapshot/name.ts';

const now = Date.parse('2026-11-21T12:30:00Z');

function fullTakenAt(time: string): ReturnType<typeof newSnapshot> {
  return newSnapshot({
    kind: 'Full',
    startRevision: revision(0),
    lastRevision: revision(10),
    createdOn: Date.parse(time) / 1000,
    compression: 'gzip',
    isFinal: false,
  });
}

const cases: readonly [schedule: string, takenAt: string, begin: 'full' | 'deltas' | 'deltas and a full'][] = [
  ['0 0 * * *', '2026-11-21T00:00:05Z', 'deltas'],
  ['0 0 * * *', '2026-11-20T12:00:00Z', 'deltas and a full'],
  // It was taken by hand, and the next one comes too late for the window of a day.
  ['0 0 * * *', '2026-11-20T20:00:00Z', 'deltas and a full'],
  ['0 0 * * *', '2026-11-21T10:00:00Z', 'deltas'],
  ['0 */1 * * *', '2026-11-21T12:00:03Z', 'deltas'],
  ['0 */1 * * *', '2026-11-21T11:00:03Z', 'deltas and a full'],
  ['0 */6 * * *', '2026-11-21T12:10:00Z', 'deltas'],
  ['0 */6 * * *', '2026-11-21T06:00:00Z', 'deltas and a full'],
  // A clock was wrong: the name tells no age.
  ['0 0 * * *', '2027-11-21T00:00:05Z', 'full'],
  ['0 0 * * 6', '2026-11-15T00:00:00Z', 'deltas and a full'],
  ['0 0 * * 0', '2026-11-15T00:00:10Z', 'deltas'],
  ['0 0 * * 0', '2026-11-14T00:00:00Z', 'deltas and a full'],
];

describe('a start', () => {
  for (const [schedule, takenAt, begin] of cases) {
    test(`with ${schedule} and a full of ${takenAt} begins with ${begin}`, () => {
      const decision = decideStart({ listing: [fullTakenAt(takenAt)], schedule: new Schedule(schedule), now });
      const isFullDue = decision.begin === 'deltas' && decision.fullNow !== undefined;
      assert.equal(isFullDue ? 'deltas and a full' : decision.begin, begin);
    });
  }
});
