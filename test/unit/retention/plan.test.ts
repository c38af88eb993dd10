import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Decision, planRetention } from '../../../src/retention/plan.ts';
import type { Retainable, RetentionRequest } from '../../../src/retention/request.ts';
import { describeReason } from '../../../src/retention/verdict.ts';
import { revision } from '../../../src/revision.ts';
import { newestChain } from '../../../src/snapshot/chain.ts';
import { newSnapshot } from '../../../src/snapshot/name.ts';
import { compareInChainOrder } from '../../../src/snapshot/order.ts';
import { randomWalkLength } from '../../support/fixtures/random-walk-length.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';
import { histories } from './histories.ts';

const HISTORIES = histories();

test('there are at least 60 written-out histories', () => {
  assert.ok(HISTORIES.length >= 60, String(HISTORIES.length));
});

for (const { title, request, expected } of HISTORIES) {
  test(title, () => {
    const decided = new Map(
      planRetention(request).decisions.map(({ snapshot, action, reason }) => [snapshot, `${action} ${reason}`]),
    );
    for (const [snapshot, verdict] of expected) {
      assert.equal(decided.get(snapshot), verdict, `${snapshot.name} ${snapshot.chunk ?? ''}`);
    }
    assert.equal(decided.size, expected.size);
  });
}

const NOW = Date.UTC(2026, 10, 21, 12, 30);
const WEEKS = 8 * 7 * 24 * 60 * 60;

const arbitrarySnapshot: fc.Arbitrary<Retainable> = fc
  .record({
    kind: fc.constantFrom('Full' as const, 'Incr' as const, 'Incr' as const),
    last: fc.integer({ min: 1, max: 80 }),
    span: fc.integer({ min: 0, max: 10 }),
    age: fc.oneof(fc.integer({ min: -3600, max: 2 * 86_400 }), fc.integer({ min: 0, max: WEEKS })),
    isFinal: fc.boolean(),
    v1: fc.boolean(),
    chunk: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 6 }),
    excluded: fc.integer({ min: 0, max: 9 }).map((value) => value === 0),
    locked: fc.integer({ min: 0, max: 9 }).map((value) => value === 0),
  })
  .map(({ kind, last, span, age, isFinal, v1, chunk, excluded, locked }) => {
    const createdOn = Math.floor(NOW / 1000) - age;
    const snapshot = newSnapshot({
      kind,
      startRevision: revision(kind === 'Full' ? 0 : Math.max(1, last - span)),
      lastRevision: revision(last),
      createdOn,
      compression: 'gzip',
      isFinal,
    });
    return {
      ...snapshot,
      chunk,
      ...(v1 ? { layout: 'v1', directory: 'Backup-1' } : {}),
      ...(excluded ? { excluded } : {}),
      ...(locked ? { immutableUntil: NOW + 1 } : {}),
    };
  });

const arbitraryRequest: fc.Arbitrary<RetentionRequest<Retainable>> = fc.record({
  listing: fc.array(arbitrarySnapshot, { maxLength: 40 }),
  markers: fc.constant([]),
  leftHistoryMs: fc.constant(7 * 86_400_000),
  evidence: fc.constant({ proved: new Set<string>() }),
  policy: fc.oneof(
    fc.constant({ kind: 'Exponential' } as const),
    fc.record({ kind: fc.constant('LimitBased' as const), maxBackups: fc.integer({ min: 0, max: 8 }) }),
  ),
  deltaRetentionMs: fc.constantFrom(0, 60_000, 86_400_000, 10 * 86_400_000),
  now: fc.constant(NOW),
  partsAreData: fc.boolean(),
});

function kept<T>(plan: readonly Decision<T>[]): T[] {
  return plan.filter(({ action }) => action === 'keep').map(({ snapshot }) => snapshot);
}

test('over random histories nothing that a restore needs is deleted', () => {
  fc.assert(
    fc.property(arbitraryRequest, (request) => {
      const plan = planRetention(request).decisions;
      const left = kept(plan);

      assert.deepEqual(new Set(plan.map(({ snapshot }) => snapshot)), new Set(request.listing));
      assert.equal(plan.length, request.listing.length);
      assert.deepEqual(newestChain(left), newestChain(request.listing), 'the newest chain is the same afterwards');

      const ordered = request.listing.filter(({ chunk }) => chunk === undefined).sort(compareInChainOrder);
      const keptSet = new Set(left);
      let base: Retainable | undefined;
      for (const snapshot of ordered) {
        if (snapshot.kind === 'Full') {
          base = snapshot.excluded === true ? base : snapshot;
        } else if (keptSet.has(snapshot) && base !== undefined) {
          assert.ok(keptSet.has(base), `${snapshot.name} stays, so ${base.name} must`);
        }
      }
      for (const { snapshot, action } of plan) {
        const protectedByStore = snapshot.immutableUntil !== undefined;
        const data = snapshot.chunk !== undefined && request.partsAreData;
        assert.ok(action === 'keep' || !(protectedByStore || data));
      }
      assert.ok(
        planRetention({ ...request, listing: left }).decisions.every(({ action }) => action === 'keep'),
        'a second run deletes nothing',
      );
    }),
    { numRuns: Number(process.env['HISTORIES'] ?? randomWalkLength({ usual: 5000, long: 20_000 })) },
  );
});

test('the order of the listing does not matter', () => {
  fc.assert(
    fc.property(arbitraryRequest, (request) => {
      const verdicts = (listing: readonly Retainable[]): ReadonlyMap<Retainable, string> =>
        new Map(planRetention({ ...request, listing }).decisions.map(({ snapshot, reason }) => [snapshot, reason]));
      const forward = verdicts(request.listing);
      const names = new Set(request.listing.map((snapshot) => JSON.stringify(snapshot)));
      // The order cannot decide between snapshots that are equal.
      fc.pre(names.size === request.listing.length);
      assert.deepEqual(verdicts(request.listing.toReversed()), forward);
    }),
  );
});

test('every reason has a text', () => {
  const reasons = new Set(HISTORIES.flatMap(({ expected }) => [...expected.values()]));
  for (const verdict of reasons) {
    const [, reason = ''] = verdict.split(' ');
    const text = describeReason(reason as Parameters<typeof describeReason>[0]);
    assert.match(text, /^\S.*\S$/);
  }
  assert.ok(reasons.size >= 20);
});

test('what was left keeps the full that was taken before it, also where a younger one of the shared past ends later', () => {
  const snapshot = (kind: 'Full' | 'Incr', [from, to, daysAgo]: readonly [number, number, number]) =>
    newSnapshot({
      kind,
      startRevision: revision(from),
      lastRevision: revision(to),
      createdOn: NOW / 1000 - daysAgo * 86_400,
      compression: 'none',
      isFinal: false,
    });
  const [base, between] = [snapshot('Full', [0, 1, 6]), snapshot('Incr', [2, 4, 5])];
  const left = snapshot('Incr', [5, 7, 4]);
  const younger = snapshot('Full', [0, 6, 3]);
  const first = snapshot('Full', [0, 17, 2]);
  const facts = { why: 'rolled_back', shared: revision(6), first: first.name, clusterId: '1' } as const;
  const { decisions } = planRetention({
    listing: [base, between, left, younger, first],
    markers: [{ ...facts, name: 'History-1-00000006.json', begunOn: first.createdOn, left: [left.name] }],
    leftHistoryMs: 7 * 86_400_000,
    evidence: { proved: new Set([first.name]) },
    policy: { kind: 'LimitBased', maxBackups: 1 },
    deltaRetentionMs: 0,
    now: NOW,
    partsAreData: false,
  });
  assert.deepEqual(
    decisions.filter(({ action }) => action === 'delete').map(({ snapshot: { name } }) => name),
    [],
  );
});

test('a full stays while an announcement counts by it, as long as something is left that it tells apart', () => {
  const snapshot = (kind: 'Full' | 'Incr', [from, to, daysAgo]: readonly [number, number, number]) =>
    newSnapshot({
      kind,
      startRevision: revision(from),
      lastRevision: revision(to),
      createdOn: NOW / 1000 - daysAgo * 86_400,
      compression: 'none',
      isFinal: false,
    });
  const shared = snapshot('Full', [0, 10, 6]);
  const left = snapshot('Incr', [11, 20, 5]);
  const first = snapshot('Full', [0, 12, 4]);
  const later = [snapshot('Full', [0, 30, 2]), snapshot('Full', [0, 40, 1])];
  const marker = {
    name: 'History-1-00000010.json',
    begunOn: first.createdOn,
    why: 'rolled_back',
    shared: revision(10),
    first: first.name,
    clusterId: '1',
    left: [left.name],
  } as const;
  const request: RetentionRequest<Retainable> = {
    listing: [shared, left, first, ...later],
    markers: [marker],
    announcements: [{ marker, state: 'begun' }],
    leftHistoryMs: 7 * 86_400_000,
    evidence: { proved: new Set(later.map(({ name }) => name)) },
    policy: { kind: 'LimitBased', maxBackups: 1 },
    deltaRetentionMs: 0,
    now: NOW,
    partsAreData: false,
  };
  const verdictOf = (changes: Partial<RetentionRequest<Retainable>>): string | undefined =>
    planRetention({ ...request, ...changes }).decisions.find((each) => each.snapshot === first)?.reason;
  assert.equal(verdictOf({}), 'history_announced');
  assert.equal(verdictOf({ announcements: [{ marker, state: 'confirmed' }] }), 'beyond_limit');
  assert.equal(verdictOf({ listing: [shared, first, ...later] }), 'beyond_limit');
});
