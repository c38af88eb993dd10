import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import { SnapshotDamage } from '../../../../src/snapshot/damage.ts';
import { decodeMarker } from '../../../../src/snapshot/history/decode-marker.ts';
import {
  beginsHistory,
  type DoubtMarker,
  encodeMarker,
  type HistoryMarker,
  MARKER_SIZE_LIMIT,
  markerName,
  type OrderMarker,
  parseMarkerName,
} from '../../../../src/snapshot/history/history-marker.ts';
import { parseRelativeKey } from '../../../../src/snapshot/name.ts';

const marker: HistoryMarker = {
  name: 'History-1795251600-00000003.json',
  begunOn: 1_795_251_600,
  why: 'rolled_back',
  shared: revision(3),
  first: 'Full-00000000-00000003-1795251600.gz',
  clusterId: 'cdf818194e3a8c32',
  left: ['Incr-00000004-00000005-1795251500.gz'],
};

describe('a history marker', () => {
  it('has a name that is no snapshot', () => {
    assert.equal(markerName(marker), marker.name);
    assert.deepEqual(parseMarkerName(marker.name), { begunOn: marker.begunOn, shared: 3 });
    assert.equal(parseRelativeKey(`v2/${marker.name}`).outcome, 'foreign');
  });

  it('is read as it was written', () => {
    assert.deepEqual(decodeMarker(marker.name, encodeMarker(marker)), marker);
    const doubtful = { ...marker, mayShare: revision(7) };
    assert.deepEqual(decodeMarker(marker.name, encodeMarker(doubtful)), doubtful);
  });

  it('says in which order snapshots were stored, and begins no history then', () => {
    const order: OrderMarker = {
      name: 'History-1795251600-00000070.json',
      begunOn: 1_795_251_600,
      why: 'clock_behind',
      shared: revision(70),
      first: 'Incr-00000059-00000070-1795251600.gz',
      clusterId: 'cdf818194e3a8c32',
      left: [],
      after: ['Full-00000000-00000058-1795900000.gz'],
    };
    assert.deepEqual(decodeMarker(order.name, encodeMarker(order)), order);
    assert.deepEqual([order, marker].map(beginsHistory), [false, true]);
  });

  it('says of what nothing proved that it is continued, and begins no history then', () => {
    const doubt: DoubtMarker = {
      name: 'History-1795251600-00000055.json',
      begunOn: 1_795_251_600,
      why: 'continuation_unproven',
      shared: revision(55),
      upTo: revision(90),
      first: 'Incr-00000041-00000060-1795251500.gz',
      clusterId: 'cdf818194e3a8c32',
      left: [],
    };
    assert.deepEqual(decodeMarker(doubt.name, encodeMarker(doubt)), doubt);
    assert.equal(beginsHistory(doubt), false);
    const without = JSON.stringify({ ...JSON.parse(Buffer.from(encodeMarker(doubt)).toString()), upTo: undefined });
    assert.throws(() => decodeMarker(doubt.name, Buffer.from(without)), SnapshotDamage);
  });

  it('is told from other names', () => {
    for (const name of [
      'History-1-2.json',
      'History-x-00000003.json',
      'History-999999999999-00000003.json',
      'Full-00000000-00000003-1.gz',
      `${marker.name}.gz`,
    ]) {
      assert.equal(parseMarkerName(name), undefined, name);
    }
  });

  it('is damaged when it is cut, changed, of another format or too large', () => {
    const bytes = encodeMarker(marker);
    const text = Buffer.from(bytes).toString();
    const wrong: readonly (string | Uint8Array)[] = [
      '',
      'null',
      '<html>',
      text.replace('"format":1', '"format":2'),
      text.replace('rolled_back', 'unheard_of'),
      text.replace('cdf8', 'xxxx'),
      new Uint8Array(MARKER_SIZE_LIMIT + 1),
    ];
    for (const each of wrong) {
      assert.throws(() => decodeMarker(marker.name, Buffer.from(each)), SnapshotDamage);
    }
    for (let size = 0; size < bytes.length - 2; size++) {
      assert.throws(() => decodeMarker(marker.name, bytes.subarray(0, size)), SnapshotDamage);
    }
  });
});
