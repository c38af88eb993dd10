import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type Coding, MetricsPage } from '../../../../src/server/http/metrics-page.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { FakeSidecar } from '../../../support/server/fake-sidecar.ts';

let sidecar: FakeSidecar;
let clock: FakeClock;
let page: MetricsPage;

beforeEach(() => {
  sidecar = new FakeSidecar();
  clock = new FakeClock();
  page = new MetricsPage(sidecar, clock);
});

async function read(coding: Coding = 'identity'): Promise<string> {
  const { body } = await page.reply(coding);
  return Buffer.from(coding === 'gzip' ? gunzipSync(body) : body).toString();
}

describe('the page of metrics', () => {
  it('is made once for all who ask meanwhile', async () => {
    sidecar.series = 'a 1';
    assert.deepEqual(await Promise.all([read(), read('gzip'), read()]), ['a 1', 'a 1', 'a 1']);
    assert.equal(sidecar.scrapes, 1);
  });

  it('is the same for a second while no event changes it', async () => {
    await read();
    await clock.advance(999);
    await read('gzip');
    assert.equal(sidecar.scrapes, 1);
    await clock.advance(1);
    await read();
    assert.equal(sidecar.scrapes, 2);
  });

  it('is made anew a quarter of a second after the one before when an event has changed it', async () => {
    sidecar.series = 'a 1';
    await read();
    sidecar.series = 'a 2';
    sidecar.metricChanges += 1;
    await clock.advance(249);
    assert.equal(await read(), 'a 1');
    await clock.advance(1);
    assert.equal(await read(), 'a 2');
    await clock.advance(250);
    assert.equal(await read(), 'a 2');
    assert.equal(sidecar.scrapes, 2);
  });

  it('is made anew after one that could not be made', async () => {
    sidecar.onMetrics = () => Promise.reject(new Error('out of order'));
    await assert.rejects(read(), /out of order/);
    sidecar.onMetrics = () => Promise.resolve();
    sidecar.series = 'a 3';
    assert.equal(await read(), 'a 3');
  });
});
