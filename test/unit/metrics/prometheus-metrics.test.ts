import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPrometheusMetrics, type PrometheusMetrics } from '../../../src/metrics/prometheus-metrics.ts';
import type { SnapshotterEvent } from '../../../src/operations/snapshot/events.ts';
import { revision } from '../../../src/revision.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { snapshotNamed } from '../../support/fixtures/snapshots.ts';

function stored(name: string, size: number): StoredSnapshot {
  return { ...snapshotNamed(name), key: name, size };
}

/** Values by series, as a scrape reads them. */
async function scraped(metrics: PrometheusMetrics): Promise<ReadonlyMap<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

test('every series of the Go program is there from the start, with zero', async () => {
  const series = await scraped(createPrometheusMetrics({ now: () => 0 }));
  const kinds = ['kind="Full"', 'kind="Incr"'];
  const outcomes = ['succeeded="true"', 'succeeded="false"'];
  const expected = [
    ...[...kinds, 'kind="Chunk"'].flatMap((kind) => outcomes.map((outcome) => `snapshot_gc_total{${kind},${outcome}}`)),
    ...kinds.flatMap((kind) => [
      `snapshot_latest_revision{${kind}}`,
      `snapshot_latest_timestamp{${kind}}`,
      `snapshot_required{${kind}}`,
    ]),
    ...outcomes.flatMap((outcome) => [
      ...kinds.map((kind) => `snapshot_duration_seconds_count{${kind},${outcome}}`),
      `validation_duration_seconds_count{${outcome}}`,
      `restoration_duration_seconds_count{restore="single_node",${outcome}}`,
      `restoration_duration_seconds_count{restore="single_member",${outcome}}`,
      `is_learner_count_total{${outcome}}`,
      `add_learner_duration_seconds_count{${outcome}}`,
      `member_remove_duration_seconds_count{${outcome}}`,
      `member_promote_duration_seconds_count{${outcome}}`,
    ]),
    'snapshotter_failure{error="store_outage"}',
    'snapstore_latest_deltas_total',
    'snapstore_latest_deltas_revisions_total',
    'cluster_size',
    'is_learner',
    'network_transmitted_bytes',
    'network_received_bytes',
    'spooled_events',
    'spooled_bytes',
    'store_outage_seconds',
    'snapshotter_active',
    'recovery_point_age_seconds',
    'estimated_restore_seconds',
    'secondary_sync_lag_seconds',
    'last_provable_revision',
    'last_provable_timestamp',
    'verification_success',
    'verification_unopened',
    'last_verification_timestamp',
  ];
  for (const name of expected) {
    assert.equal(series.get(`etcdbr_${name}`), 0, name);
  }
  assert.ok([...series.keys()].some((name) => name.startsWith('process_')));
});

test('a backup that no identity opens is not called damaged, and counts as opened once it is proved', async () => {
  const metrics = createPrometheusMetrics({ now: () => 0 });
  const values = async () => {
    const series = await scraped(metrics);
    return ['unopened', 'success'].map((name) => series.get(`etcdbr_verification_${name}`));
  };
  metrics.verification('unopened');
  const unknown = await scraped(metrics);
  assert.deepEqual([await values(), unknown.get('etcdbr_last_verification_timestamp')], [[1, 0], 0]);
  metrics.verification({ at: 1_000, sound: false, provable: undefined });
  assert.deepEqual(await values(), [1, 0]);
  metrics.verification({ at: 1_000, sound: true, provable: undefined });
  assert.deepEqual(await values(), [0, 1]);
});

test('a sidecar that verifies no more does not go on saying that nothing opens the backup', async () => {
  const metrics = createPrometheusMetrics({ now: () => 0 });
  const value = async () => (await scraped(metrics)).get('etcdbr_verification_unopened');
  metrics.verification('unopened');
  assert.equal(await value(), 1);
  metrics.verification('left to another');
  assert.equal(await value(), 0);
});

test('what happens is counted under the right labels', async () => {
  const metrics = createPrometheusMetrics({ now: () => 1_000_000_000 });
  const full = stored('Full-00000000-00000058-999000', 50_000_000);
  const delta = stored('Incr-00000059-00000060-999900', 25_000_000);
  const chunk = { ...full, chunk: 1 };
  const events: readonly SnapshotterEvent[] = [
    { type: 'snapshot taken', kind: 'Full', seconds: 3 },
    { type: 'snapshot failed', kind: 'Incr', seconds: 4, error: new Error('denied') },
    { type: 'stored', snapshot: full, chain: { full, deltas: [] } },
    { type: 'stored', snapshot: delta, chain: { full, deltas: [delta] } },
    { type: 'garbage', snapshot: chunk, outcome: 'failed' },
    { type: 'ended', outcome: 'failed', code: 'store_outage' },
    { type: 'ended', outcome: 'failed', code: 'etcd_history_gap' },
    { type: 'ended', outcome: 'failed', code: 'unexpected' },
    { type: 'ended', outcome: 'stopped' },
    { type: 'required', kind: 'Incr', required: true },
    { type: 'spooled', events: 7, bytes: 700 },
    { type: 'outage begun', location: 'memory' },
    { type: 'outage goes on', seconds: 12 },
    { type: 'concurrent writer', names: ['Incr-00000059-00000060-999901'] },
    { type: 'defragmented', endpoint: 'http://a:2379', seconds: 1, outcome: 'failed' },
  ];
  for (const event of events) {
    metrics.listener(event);
  }
  const series = await scraped(metrics);
  const expected: Readonly<Record<string, number>> = {
    'snapshot_duration_seconds_sum{kind="Full",succeeded="true"}': 3,
    'snapshot_duration_seconds_sum{kind="Incr",succeeded="false"}': 4,
    'snapshot_latest_revision{kind="Full"}': 58,
    'snapshot_latest_revision{kind="Incr"}': 60,
    'snapshot_latest_timestamp{kind="Incr"}': 999_900,
    recovery_point_age_seconds: 100,
    estimated_restore_seconds: 4,
    snapstore_latest_deltas_total: 1,
    snapstore_latest_deltas_revisions_total: 2,
    'snapshot_required{kind="Incr"}': 1,
    'snapshot_gc_total{kind="Chunk",succeeded="false"}': 1,
    'snapshotter_failure{error="store_outage"}': 1,
    'snapshotter_failure{error="etcd_other"}': 1,
    'snapshotter_failure{error="other"}': 1,
    spooled_events: 7,
    spooled_bytes: 700,
    store_outage_seconds: 12,
    other_writer_total: 1,
    'defragmentation_duration_seconds_count{endpoint="http://a:2379",succeeded="false"}': 1,
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(series.get(`etcdbr_${name}`), value, name);
  }
});

test('who takes snapshots no more, or begins again, keeps nothing of what an earlier run waited for', async () => {
  const required = 'etcdbr_snapshot_required{kind="Incr"}';
  for (const end of [
    [{ type: 'ended', outcome: 'stopped' }],
    [
      { type: 'ended', outcome: 'failed', code: 'store_outage' },
      { type: 'begun', covered: revision(60) },
    ],
  ] satisfies (readonly SnapshotterEvent[])[]) {
    const metrics = createPrometheusMetrics({ now: () => 1_000 });
    metrics.listener({ type: 'required', kind: 'Incr', required: true });
    metrics.listener({ type: 'outage goes on', seconds: 600 });
    assert.deepEqual([(await scraped(metrics)).get(required)], [1]);
    for (const event of end) {
      metrics.listener(event);
    }
    const series = await scraped(metrics);
    assert.deepEqual([series.get(required), series.get('etcdbr_store_outage_seconds')], [0, 0]);
    assert.equal(series.get('etcdbr_snapshotter_active'), end.length === 2 ? 1 : 0);
    metrics.listener({ type: 'ended', outcome: 'failed', code: 'store_outage' });
    assert.equal((await scraped(metrics)).get('etcdbr_snapshotter_active'), 0);
  }
});

test('a snapshot that a clock ahead has dated grows old from now on', async () => {
  let now = 1_000_000_000;
  const metrics = createPrometheusMetrics({ now: () => now });
  const snapshot = stored('Full-00000000-00000058-2000000', 1);
  metrics.listener({ type: 'stored', snapshot, chain: { full: snapshot, deltas: [] } });
  now += 60_000;
  assert.equal((await scraped(metrics)).get('etcdbr_recovery_point_age_seconds'), 60);
});

test('counts what was told, so that a page can be kept while nothing was', () => {
  const metrics = createPrometheusMetrics({ now: () => 0 });
  assert.equal(metrics.changes, 0);
  metrics.cluster({ size: 3, role: 'voter' });
  metrics.listener({ type: 'outage begun', location: 'memory' });
  assert.equal(metrics.changes, 2);
});
