import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import { historiesOf } from '../../../../src/snapshot/history/histories.ts';
import { type HistoryMarker, markerName } from '../../../../src/snapshot/history/history-marker.ts';
import { possibleForks, suspectedForks } from '../../../../src/snapshot/history/suspected-forks.ts';
import type { Snapshot } from '../../../../src/snapshot/snapshot.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';

function snapshots(...names: readonly string[]): readonly Snapshot[] {
  return names.map(snapshotNamed);
}

function names(list: readonly Snapshot[]): readonly string[] {
  return list.map(({ name }) => name);
}

function marker(parts: Partial<HistoryMarker> & Pick<HistoryMarker, 'begunOn' | 'left'>): HistoryMarker {
  const { shared = revision(0) } = parts;
  return {
    name: markerName({ begunOn: parts.begunOn, shared }),
    shared,
    why: 'rolled_back',
    first: 'Full-0-3-20',
    clusterId: 'cdf818194e3a8c32',
    ...parts,
  };
}

/** Restored to revision 3 at second 19; the first full of the new history follows at 20. */
const rolledBack = snapshots('Full-0-2-10', 'Incr-3-3-11', 'Incr-4-5-12', 'Incr-6-7-13', 'Full-0-3-20', 'Incr-4-4-21');

describe('histories of a store', () => {
  it('are one without markers', () => {
    const { living, left, suspected } = historiesOf(snapshots('Incr-3-5-11', 'Full-0-2-10'), []);
    assert.deepEqual(names(living.own), ['Full-0-2-10', 'Incr-3-5-11']);
    assert.equal(living.number, 1);
    assert.deepEqual([left, suspected], [[], []]);
  });

  it('part where a marker says so; the shared past serves both', () => {
    const begun = marker({ begunOn: 20, shared: revision(3), left: ['Incr-4-5-12', 'Incr-6-7-13'] });
    const { living, left, suspected } = historiesOf(rolledBack, [begun]);
    assert.deepEqual(names(living.snapshots), ['Full-0-2-10', 'Incr-3-3-11', 'Full-0-3-20', 'Incr-4-4-21']);
    assert.equal(living.number, 2);
    assert.equal(living.begunBy, begun);
    const [first] = left;
    assert.deepEqual(names(first?.own ?? []), ['Incr-4-5-12', 'Incr-6-7-13']);
    assert.deepEqual(names(first?.snapshots ?? []), ['Full-0-2-10', 'Incr-3-3-11', 'Incr-4-5-12', 'Incr-6-7-13']);
    assert.equal(first?.leftBy, begun);
    assert.deepEqual(suspected, []);
  });

  it('share nothing with those of another cluster', () => {
    const old = ['Full-0-100-10', 'Incr-101-120-11'];
    const begun = marker({ begunOn: 50, why: 'other_cluster', first: 'Full-0-2-50', left: old });
    const { living, left } = historiesOf(snapshots(...old, 'Full-0-2-50', 'Incr-3-9-51'), [begun]);
    assert.deepEqual(names(living.own), ['Full-0-2-50', 'Incr-3-9-51']);
    assert.deepEqual(names(left[0]?.own ?? []), old);
  });

  it('are three after two roll-backs', () => {
    const all = snapshots('Full-0-2-10', 'Incr-3-9-11', 'Full-0-5-20', 'Incr-6-8-21', 'Full-0-6-30');
    const first = marker({ begunOn: 20, shared: revision(5), first: 'Full-0-5-20', left: ['Incr-3-9-11'] });
    const second = marker({ begunOn: 30, shared: revision(6), first: 'Full-0-6-30', left: ['Incr-6-8-21'] });
    const { living, left } = historiesOf(all, [second, first]);
    assert.deepEqual(
      left.map(({ number, own }) => [number, names(own)]),
      [
        [1, ['Incr-3-9-11']],
        [2, ['Incr-6-8-21']],
      ],
    );
    assert.deepEqual(names(left[1]?.snapshots ?? []), ['Full-0-2-10', 'Full-0-5-20', 'Incr-6-8-21']);
    assert.deepEqual(names(living.own), ['Full-0-2-10', 'Full-0-5-20', 'Full-0-6-30']);
  });

  it('do not lose what a marker names wrongly: younger objects, and those that end within the shared past', () => {
    const forged = marker({ begunOn: 20, shared: revision(3), left: rolledBack.map(({ name }) => name) });
    const { living } = historiesOf(rolledBack, [forged]);
    assert.deepEqual(names(living.own), ['Full-0-2-10', 'Incr-3-3-11', 'Full-0-3-20', 'Incr-4-4-21']);
  });

  it('are suspected where a full ends below what was written before it', () => {
    const [fork, ...others] = historiesOf(rolledBack, []).suspected;
    assert.equal(others.length, 0);
    assert.equal(fork?.full.name, 'Full-0-3-20');
    assert.deepEqual(names(fork?.before ?? []), ['Incr-4-5-12', 'Incr-6-7-13']);
    assert.deepEqual(names(fork?.after ?? []), ['Incr-4-4-21']);
  });

  it('are suspected as soon as there is such a full', () => {
    const [fork] = suspectedForks(rolledBack.slice(0, -1));
    assert.deepEqual(names(fork?.after ?? []), []);
    assert.equal(fork?.before.length, 2);
  });
});

describe('no fork is suspected', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['in the life of one snapshotter', ['Full-0-2-10', 'Incr-3-9-11', 'Full-0-9-20', 'Incr-10-12-21', 'Full-0-15-30']],
    ['by a delta across the end of a younger full', ['Full-0-100-10', 'Incr-95-105-11', 'Incr-106-110-12']],
    [
      'by a compaction that deltas overtook',
      ['Full-0-2-10', 'Incr-3-9-11', 'Incr-10-12-12', 'Full-0-9-13', 'Incr-13-14-14'],
    ],
    ['among objects of one second', ['Full-0-9-10', 'Incr-10-12-11', 'Full-0-11-11']],
    ['by parts', ['Full-0-9-10', 'Full-0-3-20/0000000001']],
  ];
  for (const [what, listing] of cases) {
    it(what, () => assert.deepEqual(suspectedForks(snapshots(...listing)), []));
  }
});

describe('for older states a fork is possible', () => {
  const cases: readonly (readonly [string, readonly string[], number])[] = [
    ['where only a full is above both sides', ['Full-0-7-10', 'Full-0-3-20', 'Full-0-12-30'], 1],
    ['where a delta follows such a full', ['Full-0-3-10', 'Full-0-2-20', 'Full-0-5-30', 'Incr-4-6-31'], 1],
    [
      'but not where a delta goes on from what was before',
      ['Full-0-2-10', 'Incr-3-7-12', 'Full-0-3-13', 'Incr-8-9-14'],
      0,
    ],
  ];
  for (const [what, listing, forks] of cases) {
    it(what, () => assert.equal(possibleForks(snapshots(...listing)).length, forks));
  }
});
