import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPrometheusMetrics } from '../../../src/metrics/prometheus-metrics.ts';

test('the second copy is counted, and its lag grows from the first pass on', async () => {
  let now = 1_000_000;
  const metrics = createPrometheusMetrics({ now: () => now });
  const value = async (name: string): Promise<number | undefined> => {
    const line = (await metrics.text()).split('\n').find((each) => each.startsWith(`etcdbr_${name} `));
    return line === undefined ? undefined : Number(line.split(' ')[1]);
  };
  assert.equal(await value('secondary_sync_lag_seconds'), 0);
  metrics.secondary({ type: 'sync failed' });
  now += 60_000;
  assert.equal(await value('secondary_sync_lag_seconds'), 60);
  metrics.secondary({ type: 'synced', upTo: now - 5_000, copied: 3 });
  assert.equal(await value('secondary_sync_lag_seconds'), 5);
  metrics.secondary({ type: 'sync failed' });
  now += 10_000;
  assert.equal(await value('secondary_sync_lag_seconds'), 15);
  assert.equal(await value('secondary_copied_total'), 3);
  assert.equal(await value('secondary_sync_total{succeeded="false"}'), 2);
  assert.equal(await value('secondary_sync_total{succeeded="true"}'), 1);
});
