import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RetentionRules } from '../../../../src/operations/prune/prune.ts';
import { storeOverview } from '../../../../src/server/dashboard/store-overview.ts';
import type { StoredSnapshot } from '../../../../src/snapstore/snapstore.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';
import { MemoryStore } from '../../../support/stores/memory-store.ts';

const stored = (name: string, size = 1_000): StoredSnapshot => ({ ...snapshotNamed(name), key: name, size });
const names = [
  'Full-00000000-00000010-1795250000.gz',
  'Incr-00000011-00000020-1795250060.gz',
  'Full-00000000-00000020-1795253600.gz',
  'Incr-00000021-00000030-1795253660.gz',
  'Incr-00000041-00000050-1795253720.gz',
];
const rules: RetentionRules = { policy: { kind: 'LimitBased', maxBackups: 2 }, deltaRetentionMs: 0, leftHistoryMs: 0 };
const facts = {
  listing: { snapshots: names.map((name) => stored(name)), markers: [] },
  store: new MemoryStore(),
  rules,
  now: 1_795_254_000_000,
};

describe('what the dashboard shows of a store', () => {
  it('has sizes, snapshots by time, and the gaps of every chain', () => {
    const { totals, snapshots, gaps } = storeOverview(facts);
    assert.deepEqual(totals, { fulls: 2, deltas: 3, fullBytes: 2_000, deltaBytes: 3_000, hidden: 0 });
    assert.deepEqual(
      snapshots.map(({ name }) => name),
      names,
    );
    assert.deepEqual(gaps, [{ from: 31, to: 40, at: new Date(1_795_253_720_000).toISOString() }]);
  });

  it('says what the next pass deletes, and why', () => {
    const { retention } = storeOverview(facts);
    assert.equal(retention?.when, 'now');
    assert.deepEqual(retention?.deletions, [
      { name: names[1], reason: 'is a delta of an older full, past its retention period', bytes: 1_000 },
    ]);
  });

  it('says what one more full would replace, where nothing goes now', () => {
    const listing = { ...facts.listing, snapshots: names.filter((_, at) => at !== 1).map((name) => stored(name)) };
    const { retention } = storeOverview({ ...facts, listing });
    assert.equal(retention?.when, 'next full');
    const first = retention?.deletions[0];
    assert.deepEqual(first, { name: names[0], reason: 'is older than the newest fulls that are kept', bytes: 1_000 });
    assert.ok(!JSON.stringify(retention).includes('the next full'));
  });

  it('says what a restore reaches, which deltas after a gap do not change', () => {
    const { recovery } = storeOverview(facts);
    assert.deepEqual(recovery.reach, { at: 1_795_253_660, revision: 30 });
    assert.equal(recovery.ages.at(-1), 3_540);
    assert.equal(storeOverview({ ...facts, listing: { snapshots: [], markers: [] } }).recovery.reach, null);
  });

  it('says what two snapshotters have written', () => {
    assert.deepEqual(storeOverview(facts).rivals, { deltas: 0, newest: null });
    const other = 'Incr-00000025-00000032-1795253700.gz';
    const listing = { ...facts.listing, snapshots: [...names, other].map((name) => stored(name)) };
    assert.deepEqual(storeOverview({ ...facts, listing }).rivals, {
      deltas: 1,
      newest: { name: other, at: 1_795_253_700 },
    });
  });

  it('shows the full of a long chain, and counts the rest', () => {
    const many = Array.from({ length: 2_500 }, (_, at) =>
      stored(`Incr-${String(at + 11).padStart(8, '0')}-${String(at + 11).padStart(8, '0')}-${1_795_250_001 + at}.gz`),
    );
    const snapshots = [stored(names[0] ?? ''), ...many];
    const shown = storeOverview({ ...facts, listing: { snapshots, markers: [] } });
    assert.deepEqual([shown.snapshots.length, shown.snapshots[0]?.name, shown.totals.hidden], [2_000, names[0], 501]);
    assert.equal(shown.recovery.reach?.revision, 2_510);
  });

  it('is bounded', () => {
    const many = Array.from({ length: 5_000 }, (_, at) =>
      stored(`Incr-${String(at + 1).padStart(8, '0')}-${String(at + 1).padStart(8, '0')}-${1_795_250_000 + at}.gz`),
    );
    const { snapshots, totals, retention } = storeOverview({ ...facts, listing: { snapshots: many, markers: [] } });
    assert.deepEqual([snapshots.length, totals.hidden, snapshots.at(-1)?.to], [2_000, 3_000, 5_000]);
    assert.ok((retention?.deletions.length ?? 0) <= 50);
  });

  it('has no outlook where nothing is deleted', () => {
    assert.equal(storeOverview({ ...facts, rules: undefined }).retention, null);
  });
});
