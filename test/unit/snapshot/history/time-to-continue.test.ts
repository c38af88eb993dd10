import assert from 'node:assert/strict';
import { it } from 'node:test';
import { timeToBegin, timeToContinue } from '../../../../src/snapshot/history/time-to-continue.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';

it('what continues a history is never older than it, unless it is a day ahead', () => {
  const snapshots = ['Full-0-2-1000', 'Incr-3-9-1100'].map(snapshotNamed);
  assert.equal(timeToContinue(snapshots, 1200), 1200);
  assert.equal(timeToContinue(snapshots, 900), 1100);
  assert.equal(timeToContinue([...snapshots, snapshotNamed('Full-0-5-900000')], 900), 1100);
  assert.equal(timeToContinue([], 7), 7);
});

it('what begins another history is younger than all that is left', () => {
  const snapshots = ['Full-0-2-1000', 'Incr-3-9-1100'].map(snapshotNamed);
  assert.equal(timeToBegin(snapshots, 1200), 1200);
  assert.equal(timeToBegin(snapshots, 1100), 1101);
  assert.equal(timeToBegin(snapshots, 900), 1101);
  assert.equal(timeToBegin([], 7), 7);
});
