import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revision } from '../../../src/revision.ts';
import { type ChainPlan, newestChain } from '../../../src/snapshot/chain.ts';
import { coverFrom } from '../../../src/snapshot/cover.ts';
import type { Snapshot } from '../../../src/snapshot/snapshot.ts';
import { randomWalkLength } from '../../support/fixtures/random-walk-length.ts';
import { snapshotNamed } from '../../support/fixtures/snapshots.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';

/** A plan in words: what is used, what is missing, and what was noted. */
function summary(plan: ChainPlan<Snapshot>): string {
  if (plan.outcome === 'empty') {
    return 'empty';
  }
  const missing = plan.outcome === 'gap' ? [`missing ${plan.missing.from}-${plan.missing.to}`] : [];
  const beyond = plan.outcome === 'gap' ? plan.beyond.map((delta) => `beyond ${delta.name}`) : [];
  const notes = plan.notes.map((note) =>
    note.kind === 'overlap'
      ? `overlap ${note.delta.name} ${note.overlap.from}-${note.overlap.to}`
      : `${note.kind} ${note.delta.name}`,
  );
  const used = [plan.base?.name ?? 'no base', ...plan.deltas.map((delta) => delta.name)];
  return [used.join(' + '), ...missing, ...beyond, ...notes].join('; ');
}

const CASES: readonly (readonly [title: string, names: readonly string[], expected: string])[] = [
  ['nothing is empty', [], 'empty'],
  ['chunks alone are empty', ['Full-0-58-100/0000000001'], 'empty'],
  ['a full alone', ['Full-0-58-100'], 'Full-0-58-100'],
  [
    'a full and its deltas',
    ['Incr-90-119-104', 'Full-0-58-100', 'Incr-59-89-102'],
    'Full-0-58-100 + Incr-59-89-102 + Incr-90-119-104',
  ],
  [
    'the newest full counts, whatever precedes it',
    ['Full-0-58-100', 'Incr-59-89-102', 'Full-0-89-103', 'Incr-90-95-104'],
    'Full-0-89-103 + Incr-90-95-104',
  ],
  [
    'of fulls at one revision the youngest',
    ['Full-0-58-100', 'Full-0-58-200.final', 'Incr-59-60-201'],
    'Full-0-58-200.final + Incr-59-60-201',
  ],
  [
    'a hole between deltas',
    ['Full-0-58-100', 'Incr-59-89-102', 'Incr-95-99-104', 'Incr-100-110-105'],
    'Full-0-58-100 + Incr-59-89-102; missing 90-94; beyond Incr-95-99-104; beyond Incr-100-110-105',
  ],
  ['a hole after the full', ['Full-0-58-100', 'Incr-60-89-102'], 'Full-0-58-100; missing 59-59; beyond Incr-60-89-102'],
  ['deltas without a full', ['Incr-59-89-102'], 'no base; missing 1-58; beyond Incr-59-89-102'],
  ['deltas from the first revision without a full', ['Incr-1-9-1'], 'no base; missing 1-1; beyond Incr-1-9-1'],
  [
    'two writers: overlapping deltas are merged',
    ['Full-0-58-100', 'Incr-59-89-102', 'Incr-61-95-103', 'Incr-96-99-105'],
    'Full-0-58-100 + Incr-59-89-102 + Incr-61-95-103 + Incr-96-99-105; overlap Incr-61-95-103 61-89',
  ],
  [
    'two writers: an own successor comes before an overlapping one',
    ['Full-0-58-100', 'Incr-59-89-102', 'Incr-61-95-103', 'Incr-90-99-105', 'Incr-96-97-105'],
    'Full-0-58-100 + Incr-59-89-102 + Incr-90-99-105; contained Incr-61-95-103; contained Incr-96-97-105',
  ],
  [
    'a delta that spans a hole between others fills it',
    ['Full-0-58-100', 'Incr-59-70-101', 'Incr-59-200-102', 'Incr-90-100-102'],
    'Full-0-58-100 + Incr-59-200-102; contained Incr-59-70-101; contained Incr-90-100-102',
  ],
  [
    'a delta inside the full that follows it in the listing',
    ['Full-0-58-100', 'Incr-50-58-101'],
    'Full-0-58-100; contained Incr-50-58-101',
  ],
  [
    'a delta that begins inside the full',
    ['Full-0-58-100', 'Incr-50-70-101'],
    'Full-0-58-100 + Incr-50-70-101; overlap Incr-50-70-101 50-58',
  ],
  [
    'a history that a restore abandoned is left out',
    ['Full-0-58-100', 'Incr-59-89-102', 'Incr-90-119-104', 'Full-0-105-200', 'Incr-106-110-202'],
    'Full-0-105-200 + Incr-106-110-202; abandoned Incr-90-119-104',
  ],
  [
    'an older overlapping delta is used where it bridges to a younger one',
    ['Full-0-105-200', 'Incr-90-119-199', 'Incr-120-130-203'],
    'Full-0-105-200 + Incr-90-119-199 + Incr-120-130-203; overlap Incr-90-119-199 90-105',
  ],
  [
    'a clock that was set back does not lose deltas',
    ['Full-0-58-1000', 'Incr-59-89-400', 'Incr-90-95-420'],
    'Full-0-58-1000 + Incr-59-89-400 + Incr-90-95-420',
  ],
  [
    'layouts mix',
    ['v1/Backup-1/Full-0-58-100', 'v1/Backup-1/Incr-59-60-101', 'v2/Incr-61-62-102'],
    'Full-0-58-100 + Incr-59-60-101 + Incr-61-62-102',
  ],
];

for (const [title, names, expected] of CASES) {
  test(`newest chain: ${title}`, () => {
    assert.equal(summary(newestChain(names.map(snapshotNamed))), expected);
    assert.equal(summary(newestChain(names.map(snapshotNamed).reverse())), expected);
  });
}

test('excluded snapshots are left out', () => {
  const listing = [
    { ...snapshotNamed('Full-0-58-100'), excluded: false },
    { ...snapshotNamed('Full-0-90-200'), excluded: true },
  ];
  assert.equal(summary(newestChain(listing)), 'Full-0-58-100');
});

test('the last revision of a chain is where its last delta ends', () => {
  const plan = newestChain(['Full-0-58-100', 'Incr-59-89-102'].map(snapshotNamed));
  assert.equal(plan.outcome === 'chain' && plan.lastRevision, 89);
});

test('a gap below the true revision of the base vanishes when asked again with it', () => {
  const deltas = [snapshotNamed('Incr-64-80-102')];
  assert.deepEqual(coverFrom({ covered: revision(58), base: { createdOn: 100 }, deltas }).missing, {
    from: 59,
    to: 63,
  });
  const again = coverFrom({ covered: revision(63), base: { createdOn: 100 }, deltas });
  assert.equal(again.missing, undefined);
  assert.equal(again.lastRevision, 80);
});

test('chosen deltas never leave a hole, and everything else is accounted for', () => {
  const arbitraryDelta = fc
    .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 90, max: 120 }))
    .map(([start, more, seconds]) => snapshotNamed(`Incr-${start}-${start + more}-${seconds}`));
  fc.assert(
    fc.property(fc.array(arbitraryDelta, { maxLength: 40 }), fc.integer({ min: 0, max: 40 }), (deltas, from) => {
      const cover = coverFrom({ covered: revision(from), base: { createdOn: 100 }, deltas });
      let covered = from;
      for (const delta of cover.deltas) {
        assert.ok(delta.startRevision <= covered + 1 && delta.lastRevision > covered);
        covered = delta.lastRevision;
      }
      assert.equal(cover.lastRevision, covered);
      assert.equal(cover.missing === undefined, cover.beyond.length === 0);
      const left = cover.notes.filter((note) => note.kind !== 'overlap').length;
      assert.equal(cover.deltas.length + left + cover.beyond.length, deltas.length);
    }),
    { numRuns: randomWalkLength({ usual: 2000, long: 20000 }) },
  );
});

test('ten thousand deltas are planned at once', () => {
  const names = Array.from({ length: 10_000 }, (_, at) => `Incr-${at * 10 + 59}-${at * 10 + 68}-${at + 101}`);
  const plan = newestChain(['Full-0-58-100', ...names].map(snapshotNamed));
  assert.equal(plan.outcome === 'chain' && plan.deltas.length, 10_000);
});
