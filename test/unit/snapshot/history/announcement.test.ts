import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import {
  announcedName,
  announcementName,
  announcementsIn,
  isMarkerName,
  markersInForce,
} from '../../../../src/snapshot/history/announcement.ts';
import { type HistoryMarker, parseMarkerName } from '../../../../src/snapshot/history/history-marker.ts';
import { parseRelativeKey } from '../../../../src/snapshot/name.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';

const marker: HistoryMarker = {
  name: 'History-1795251600-00000003.json',
  begunOn: 1_795_251_600,
  why: 'rolled_back',
  shared: revision(3),
  first: 'Full-00000000-00000003-1795251600',
  clusterId: 'cdf818194e3a8c32',
  left: ['Incr-00000004-00000005-1795251500'],
};
const first = snapshotNamed(marker.first);

describe('the announcement of a marker', () => {
  it('has a name that readers without announcements take neither for a marker nor for a snapshot', () => {
    const name = announcementName(marker);
    assert.equal(name, 'History-1795251600-00000003.announced.json');
    assert.equal(parseMarkerName(name), undefined);
    assert.equal(parseRelativeKey(`v2/${name}`).outcome, 'foreign');
    // The Go program takes four parts of a name for those of a snapshot.
    assert.equal(name.split('-').length, 3);
    assert.deepEqual([announcedName(name), announcedName(marker.name)], [marker.name, undefined]);
    assert.deepEqual([name, marker.name, 'Full-1.announced.json'].map(isMarkerName), [true, true, false]);
  });

  it('counts while the first full is there, until the marker is stored', () => {
    const inForce = (listing: Parameters<typeof announcementsIn>[1]) => {
      const announcements = announcementsIn([marker], listing);
      return [announcements[0]?.state, markersInForce(listing.markers, announcements).length];
    };
    assert.deepEqual(inForce({ snapshots: [], markers: [] }), ['awaited', 0]);
    assert.deepEqual(inForce({ snapshots: [{ ...first, chunk: 1 }], markers: [] }), ['awaited', 0]);
    assert.deepEqual(inForce({ snapshots: [first], markers: [] }), ['begun', 1]);
    assert.deepEqual(inForce({ snapshots: [first], markers: [marker] }), ['confirmed', 1]);
    assert.deepEqual(inForce({ snapshots: [], markers: [marker] }), ['confirmed', 1]);
  });
});
