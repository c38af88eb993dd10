import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import { historiesOf } from '../../../../src/snapshot/history/histories.ts';
import { markerName, type OrderMarker } from '../../../../src/snapshot/history/history-marker.ts';
import { markStoredOrder } from '../../../../src/snapshot/history/mark-stored-order.ts';
import type { Snapshot } from '../../../../src/snapshot/snapshot.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';

function order(first: string, after: readonly string[]): OrderMarker {
  const { createdOn: begunOn, lastRevision: shared } = snapshotNamed(first);
  const name = markerName({ begunOn, shared });
  return { name, begunOn, shared, why: 'clock_behind', first, clusterId: '1', left: [], after };
}

/** The fulls of suspected forks, and how many snapshots each is said to follow. */
function suspected(names: readonly string[], markers: readonly OrderMarker[]): readonly unknown[] {
  const listing = markStoredOrder(names.map(snapshotNamed), markers);
  const histories = historiesOf<Snapshot>(listing, markers);
  assert.equal(histories.living.number, 1);
  assert.equal(histories.living.own.length, names.length);
  return histories.suspected.map(({ full, before }) => [full.name, before.map(({ name }) => name)]);
}

const [full, behind, next] = ['Full-0-58-900000', 'Incr-59-70-400000', 'Incr-71-80-400020'];

describe('a clock that was behind for days', () => {
  it('looks like a cluster that was put back where no marker says that it was the clock', () => {
    assert.deepEqual(suspected([full, behind], []), [[full, [behind]]]);
  });

  it('is no doubt where a marker says what was stored after the full', () => {
    assert.deepEqual(suspected([full, behind, next], [order(behind, [full])]), []);
    const [older, restarted] = ['Full-0-50-800000', 'Full-0-90-400040'];
    const all = [older, full, behind, next, restarted];
    assert.deepEqual(suspected(all, [order(behind, [older, full])]), []);
    // The marker is of one order: of a full that it does not name nothing is known.
    assert.deepEqual(suspected(all, [order(behind, [full])]), [[older, [behind, next, restarted]]]);
  });

  it('hides no roll-back that comes after it', () => {
    const marker = order(behind, [full]);
    const later = ['Incr-81-99-900100', 'Full-0-75-900200'] as const;
    assert.deepEqual(suspected([full, behind, next, ...later], [marker]), [[later[1], [next, later[0]]]]);
    // Nor one that comes at once.
    assert.deepEqual(suspected([full, behind, 'Full-0-65-900200'], [marker]), [['Full-0-65-900200', [behind]]]);
    // What ends before the snapshot that the marker is about may be of another history.
    assert.deepEqual(suspected([full, 'Incr-59-65-300000', behind], [marker]), [[full, ['Incr-59-65-300000']]]);
  });

  it('is marked at the first of several markers', () => {
    const marked = markStoredOrder([full, behind].map(snapshotNamed), [order(next, [full]), order(behind, [full])]);
    assert.deepEqual(
      marked.map(({ precedes }) => precedes),
      [revision(70), undefined],
    );
  });

  it('changes nothing where there is no such marker', () => {
    const listing = [full, behind].map(snapshotNamed);
    assert.equal(markStoredOrder(listing, []), listing);
  });
});
