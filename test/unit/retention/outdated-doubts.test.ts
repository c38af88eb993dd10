import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { outdatedDoubts } from '../../../src/retention/outdated-doubts.ts';
import { planRetention } from '../../../src/retention/plan.ts';
import type { Retainable, RetentionRequest } from '../../../src/retention/request.ts';
import { revision } from '../../../src/revision.ts';
import { type DoubtMarker, markerName } from '../../../src/snapshot/history/history-marker.ts';
import { mayBeLeft } from '../../../src/snapshot/history/unproven-continuation.ts';
import { newSnapshot } from '../../../src/snapshot/name.ts';
import type { SnapshotKind } from '../../../src/snapshot/snapshot.ts';

const DAY = 24 * 60 * 60;
const NOW = 1_795_000_000;

function snapshot(kind: SnapshotKind, start: number, last: number, createdOn: number): Retainable {
  const revisions = { startRevision: revision(start), lastRevision: revision(last) };
  return { ...newSnapshot({ kind, ...revisions, createdOn, compression: 'none', isFinal: false }), size: 50_000 };
}

function full(last: number, createdOn = NOW - DAY): Retainable {
  return snapshot('Full', 0, last, createdOn);
}

function delta(start: number, last: number, createdOn = NOW - DAY): Retainable {
  return snapshot('Incr', start, last, createdOn);
}

/** Proved up to 100, and a full at 200 that nothing proved to continue what is between. */
function doubt(begunOn: number): DoubtMarker {
  const numbers = { begunOn, shared: revision(100) };
  const facts = { why: 'continuation_unproven', upTo: revision(200), first: 'x', clusterId: '1', left: [] } as const;
  return { name: markerName(numbers), ...numbers, ...facts };
}

function request(listing: readonly Retainable[], markers: readonly DoubtMarker[]): RetentionRequest<Retainable> {
  return {
    listing,
    markers,
    policy: { kind: 'LimitBased', maxBackups: 2 },
    deltaRetentionMs: 0,
    leftHistoryMs: 7 * DAY * 1000,
    evidence: { proved: new Set() },
    now: NOW * 1000,
    partsAreData: false,
  };
}

const old = doubt(NOW - 15 * DAY);

describe('a marker of doubt', () => {
  it('goes when nothing that it is about is stored any more, and its time is over', () => {
    const listing = [full(200), delta(201, 250), full(300)];
    assert.deepEqual(planRetention(request(listing, [old])).outdatedDoubts, [old]);
  });

  for (const [why, listing] of [
    ['a delta in doubt', [delta(150, 180), full(300)]],
    ['a delta that reaches out of the doubt', [delta(200, 400), full(300)]],
    ['a full from which a delta in doubt could go on', [full(199), full(300)]],
    ['a full before the doubt', [full(50), full(300)]],
    ['no full that is trusted', [delta(301, 400)]],
  ] as const) {
    it(`stays while the store holds ${why}`, () => {
      assert.deepEqual(planRetention(request(listing, [old])).outdatedDoubts, []);
    });
  }

  it('stays for twice the time of a history that was left', () => {
    for (const marker of [doubt(NOW - 14 * DAY), doubt(NOW), doubt(NOW + DAY)]) {
      assert.deepEqual(planRetention(request([full(300)], [marker])).outdatedDoubts, []);
    }
  });

  it('decides nothing any more when it goes: in 2,000 random stores', () => {
    let gone = 0;
    const random = seeded(7);
    for (let round = 0; round < 2_000; round += 1) {
      const listing = Array.from({ length: 1 + random(6) }, () => {
        const end = 100 + random(400);
        const createdOn = NOW - random(40) * DAY;
        return random(2) === 0 ? full(end, createdOn) : delta(end - random(80), end, createdOn);
      });
      const marker = doubt(NOW - random(40) * DAY);
      const asked = request(listing, [marker]);
      if (outdatedDoubts([marker], { ...asked, snapshots: listing }).length === 1) {
        gone += 1;
        assert.ok(!listing.some((each) => mayBeLeft(each, { after: marker.shared, upTo: marker.upTo })));
        assert.deepEqual(planRetention(asked).decisions, planRetention(request(listing, [])).decisions);
      }
    }
    assert.ok(gone > 50, `${gone}`);
  });
});

/** Numbers from 0 to below `most`, the same in each run. */
function seeded(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * most);
  };
}
