import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import { type HistoryMarker, markerName } from '../../../../src/snapshot/history/history-marker.ts';
import { BackupStore } from '../../../../src/snapstore/backups/backup-store.ts';
import { jumpingClock } from '../../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

const signal = new AbortController().signal;

const numbers = { begunOn: 1_795_251_600, shared: revision(3) };
const marker: HistoryMarker = {
  ...numbers,
  name: markerName(numbers),
  why: 'rolled_back',
  first: 'Full-00000000-00000003-1795251600.gz',
  clusterId: 'cdf818194e3a8c32',
  left: ['Incr-00000004-00000005-1795251500.gz'],
};

function storeWithMarker() {
  const log = new RecordedLog();
  const bucket = memoryBucket();
  const upload = { parallel: 2, minChunkSize: 1, clock: jumpingClock(), log };
  return { bucket, log, store: new BackupStore({ bucket, prefix: 'etcd-main', upload, log }) };
}

test('a marker that was saved is part of the next listing, and no foreign object', async () => {
  const { bucket, store } = storeWithMarker();
  await store.histories.save(marker, { signal });
  assert.deepEqual([...bucket.objects.keys()], [`etcd-main/v2/${marker.name}`]);
  const { markers, ignored } = await store.list({ signal });
  assert.deepEqual(markers, [marker]);
  assert.deepEqual(ignored, []);
});

test('a marker that did not change is fetched once', async () => {
  const { bucket, store } = storeWithMarker();
  await store.histories.save(marker, { signal });
  let reads = 0;
  const read = bucket.read.bind(bucket);
  bucket.read = (key, options) => {
    reads += 1;
    return read(key, options);
  };
  for (let round = 0; round < 3; round++) {
    assert.equal((await store.list({ signal })).markers.length, 1);
  }
  assert.equal(reads, 1);
});

test('a damaged marker is left out, with one warning', async () => {
  const { bucket, store, log } = storeWithMarker();
  await store.histories.save(marker, { signal });
  const key = `etcd-main/v2/${marker.name}`;
  bucket.objects.set(key, { bytes: Buffer.from('<html>'), entry: { key, size: 6, modifiedAt: 0 } });
  for (let round = 0; round < 2; round++) {
    const { markers, ignored } = await store.list({ signal });
    assert.deepEqual([markers, ignored], [[], []]);
  }
  assert.equal(log.lines.filter(({ level }) => level === 'warn').length, 1);
});

test('an announcement counts from the moment on at which the first full is there, and goes when it is withdrawn', async () => {
  const { bucket, store, log } = storeWithMarker();
  await store.histories.announce(marker, { signal });
  const key = `etcd-main/v2/History-${marker.begunOn}-00000003.announced.json`;
  assert.deepEqual([...bucket.objects.keys()], [key]);
  const before = await store.list({ signal });
  assert.deepEqual([before.markers, before.announcements, before.ignored], [[], [{ marker, state: 'awaited' }], []]);
  assert.deepEqual(await store.histories.names({ signal }), []);
  await bucket.fill([`etcd-main/v2/${marker.first}`]);
  assert.deepEqual((await store.list({ signal })).markers, [marker]);
  await store.histories.save(marker, { signal });
  const after = await store.list({ signal });
  assert.deepEqual([after.markers, after.announcements], [[marker], [{ marker, state: 'confirmed' }]]);
  await store.histories.withdraw(marker, { signal });
  assert.equal(bucket.objects.has(key), false);
  assert.deepEqual(log.lines, []);
});
