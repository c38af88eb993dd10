import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { createPrometheusMetrics } from '../../../src/metrics/prometheus-metrics.ts';
import { put } from '../../support/fixtures/delta-events.ts';
import { periodMs, startSeconds, watchingRig } from '../../support/snapshotter/snapshotter-rig.ts';

test('metrics show what is in the store and what is still to come', async () => {
  const metrics = createPrometheusMetrics({ now: () => startSeconds * 1_000 });
  await using rig = await watchingRig({ listeners: [metrics.listener] });
  const value = async (name: string): Promise<string | undefined> =>
    (await metrics.text())
      .split('\n')
      .find((line) => line.startsWith(`etcdbr_${name} `))
      ?.split(' ')[1];
  assert.equal(await value('snapshot_latest_revision{kind="Full"}'), '58');
  assert.equal(await value('snapshot_duration_seconds_count{kind="Full",succeeded="true"}'), '1');
  rig.cluster.commit(put('a', 59), put('b', 60));
  await eventually(async () => ((await value('snapshot_required{kind="Incr"}')) === '1' ? true : undefined));
  await rig.clock.advance(periodMs);
  await rig.saved(2);
  await eventually(async () => ((await value('snapshot_latest_revision{kind="Incr"}')) === '60' ? true : undefined));
  assert.equal(await value('snapshot_required{kind="Incr"}'), '0');
  assert.equal(await value('snapshot_required{kind="Full"}'), '1');
  assert.equal(await value('snapstore_latest_deltas_revisions_total'), '2');
  rig.store.fail('transient');
  rig.cluster.commit(put('c', 61));
  await rig.clock.untilSleeping(periodMs);
  await rig.clock.advance(periodMs);
  await rig.logged(/^Trying to save a delta snapshot again in 1 s/);
  await rig.clock.advance(1_000);
  await rig.logged(/^Trying to save a delta snapshot again in 2 s/);
  assert.equal(await value('store_outage_seconds'), '1');
  rig.store.fail(undefined);
  await rig.clock.advance(2_000);
  await rig.saved(3);
  await eventually(async () => ((await value('store_outage_seconds')) === '0' ? true : undefined));
});
