import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import { newSnapshot } from '../../../../src/snapshot/name.ts';
import { BackupStore } from '../../../../src/snapstore/backups/backup-store.ts';
import type { Bucket, ListOptions } from '../../../../src/snapstore/bucket.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { jumpingClock } from '../../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { collected, inPieces } from '../../../support/fixtures/byte-streams.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

const signal = new AbortController().signal;

function storeOver(bucket: Bucket, prefix = 'etcd-main') {
  const log = new RecordedLog();
  const upload = { parallel: 2, minChunkSize: 1, clock: jumpingClock(), log };
  return { store: new BackupStore({ bucket, prefix, upload, log }), log };
}

const FULL = newSnapshot({
  kind: 'Full',
  startRevision: revision(0),
  lastRevision: revision(58),
  createdOn: 1795251532,
  compression: 'gzip',
  isFinal: false,
});

test('a saved snapshot is in folder v2 of the prefix, and can be listed, fetched and deleted', async () => {
  const bucket = memoryBucket();
  const { store } = storeOver(bucket);
  const saved = await store.save(FULL, inPieces(Buffer.from('db'), 1), { signal, sizeBound: 2 });
  assert.deepEqual([...bucket.objects.keys()], ['etcd-main/v2/Full-00000000-00000058-1795251532.gz']);
  assert.deepEqual(saved, { ...FULL, key: 'etcd-main/v2/Full-00000000-00000058-1795251532.gz', size: 2 });
  const { snapshots, ignored } = await store.list({ signal });
  assert.deepEqual(snapshots, [saved]);
  assert.deepEqual(ignored, []);
  assert.equal((await collected(await store.fetch(saved, { signal }))).toString(), 'db');
  await store.delete(saved, { signal });
  assert.deepEqual((await store.list({ signal })).snapshots, []);
});

for (const [prefix, key] of [
  ['', 'v2/Full-00000000-00000058-1795251532.gz'],
  ['/', 'v2/Full-00000000-00000058-1795251532.gz'],
  ['a/b', 'a/b/v2/Full-00000000-00000058-1795251532.gz'],
  ['/a//b/./', 'a/b/v2/Full-00000000-00000058-1795251532.gz'],
  ['.hidden', '.hidden/v2/Full-00000000-00000058-1795251532.gz'],
] as const) {
  test(`prefix "${prefix}"`, async () => {
    const bucket = memoryBucket();
    const { store } = storeOver(bucket, prefix);
    await store.save(FULL, inPieces(Buffer.from('db'), 1), { signal, sizeBound: 2 });
    assert.deepEqual([...bucket.objects.keys()], [key]);
    assert.equal((await store.list({ signal })).snapshots.length, 1);
    assert.ok(!store.location.endsWith('/'));
  });
}

test('a prefix that leads out of the container is refused', () => {
  for (const prefix of ['..', 'a/../../b', '../../']) {
    assert.throws(() => storeOver(memoryBucket(), prefix), StoreError);
  }
});

test('v1 and v2 are listed together, in one order', async () => {
  const bucket = memoryBucket();
  await bucket.fill([
    'etcd-main/v2/Incr-00000090-00000119-1795251536.gz',
    'etcd-main/v1/Backup-1795251532/Incr-00000059-00000089-1795251534.gz',
    'etcd-main/v1/Backup-1795251532/Full-00000000-00000058-1795251532.gz',
    'etcd-main/v2/Full-00000000-00000119-1795251540.gz/0000000001',
    'etcd-main/v2/Full-00000000-00000119-1795251540.gz',
  ]);
  const { store } = storeOver(bucket);
  const { snapshots } = await store.list({ signal });
  assert.deepEqual(
    snapshots.map((snapshot) => [snapshot.key, snapshot.layout, snapshot.chunk]),
    [
      ['etcd-main/v1/Backup-1795251532/Full-00000000-00000058-1795251532.gz', 'v1', undefined],
      ['etcd-main/v1/Backup-1795251532/Incr-00000059-00000089-1795251534.gz', 'v1', undefined],
      ['etcd-main/v2/Incr-00000090-00000119-1795251536.gz', 'v2', undefined],
      ['etcd-main/v2/Full-00000000-00000119-1795251540.gz', 'v2', undefined],
      ['etcd-main/v2/Full-00000000-00000119-1795251540.gz/0000000001', 'v2', 1],
    ],
  );
  const part = snapshots.at(-1);
  assert.equal(part?.writtenAt, bucket.objects.get(part?.key ?? '')?.entry.modifiedAt);
  assert.equal(snapshots[3]?.writtenAt, undefined);
  const oldest = snapshots[0];
  assert.ok(oldest !== undefined);
  await store.delete(oldest, { signal });
  assert.ok(!bucket.objects.has(oldest.key));
});

test('whether a store answers is known after the first object of its listing', async () => {
  const bucket = memoryBucket();
  await bucket.fill(
    Array.from({ length: 3_000 }, (_, at) => `etcd/v2/Full-00000000-${String(at).padStart(8, '0')}-1700000000`),
  );
  let listed = 0;
  const counted: Bucket = {
    ...bucket,
    async *list(prefix, options) {
      for await (const entry of bucket.list(prefix, options)) {
        listed += 1;
        yield entry;
      }
    },
  };
  await storeOver(counted, 'etcd').store.answers({ signal });
  assert.equal(listed, 1);
  const denied = new StoreError('denied', { action: 'list', object: 'the store', found: 'the test says so' });
  const refusing: Bucket = {
    ...bucket,
    // biome-ignore lint/correctness/useYield: it fails before the first object.
    async *list() {
      throw denied;
    },
  };
  await assert.rejects(storeOver(refusing, 'etcd').store.answers({ signal }), denied);
});

test('backups of other prefixes in the same bucket are not seen', async () => {
  const bucket = memoryBucket();
  await bucket.fill([
    'etcd-main-2/v2/Full-00000000-00000058-1795251532.gz',
    'etcd-main/events/v2/Full-00000000-00000058-1795251532.gz',
    'v2/Full-00000000-00000058-1795251532.gz',
    'etcd-main/v2/Full-00000000-00000060-1795251532.gz',
  ]);
  const { store } = storeOver(bucket);
  const { snapshots, ignored } = await store.list({ signal });
  assert.deepEqual(
    snapshots.map((snapshot) => snapshot.key),
    ['etcd-main/v2/Full-00000000-00000060-1795251532.gz'],
  );
  assert.deepEqual(ignored, []);
});

test('names that do not parse are ignored, and warned about once', async () => {
  const bucket = memoryBucket();
  await bucket.fill([
    'etcd-main/v2/Companion-1-2-3.tar',
    'etcd-main/v2/meta/info.json',
    'etcd-main/v2/Full-00000000-00000060-1',
  ]);
  bucket.objects.set('etcd-main/v2/', {
    bytes: Buffer.alloc(0),
    entry: { key: 'etcd-main/v2/', size: 0, modifiedAt: 0 },
  });
  const { store, log } = storeOver(bucket);
  for (let time = 0; time < 2; time += 1) {
    const { snapshots, ignored } = await store.list({ signal });
    assert.equal(snapshots.length, 1);
    assert.deepEqual(ignored, ['etcd-main/v2/Companion-1-2-3.tar', 'etcd-main/v2/meta/info.json']);
  }
  assert.deepEqual(
    log.lines.map((line) => [line.level, line.fields['key']]),
    [
      ['warn', 'etcd-main/v2/Companion-1-2-3.tar'],
      ['warn', 'etcd-main/v2/meta/info.json'],
    ],
  );
});

test('of thousands of foreign objects a few are named, then their number, once', async () => {
  const bucket = memoryBucket();
  await bucket.fill(Array.from({ length: 5_000 }, (_, at) => `etcd-main/v2/app-${at}`));
  const { store, log } = storeOver(bucket);
  for (let time = 0; time < 3; time += 1) {
    assert.equal((await store.list({ signal })).ignored.length, 5_000);
  }
  assert.equal(log.lines.length, 4);
  assert.match(log.texts.at(-1) ?? '', /^Ignored 5,000 objects below memory:\/\/bucket\/etcd-main/);
});

test('what a listing cannot prove is warned about once, and an empty store is then not proved empty', async () => {
  const bucket = memoryBucket();
  const doubting = {
    ...bucket,
    async *list(_: string, { onDoubt }: ListOptions) {
      onDoubt?.({ about: 'locks', reason: 'locks are hidden' });
      onDoubt?.({ about: 'objects', reason: 'versions are hidden' });
      yield* [];
    },
  };
  const { store, log } = storeOver(doubting);
  await store.list({ signal });
  await store.list({ signal });
  assert.deepEqual(log.texts, ['locks are hidden', 'versions are hidden']);
  assert.deepEqual(await store.whyEmpty?.({ signal }), { kind: 'unproved', reason: 'versions are hidden' });
});

test('an object that overlapping pages show twice is one: as its own older copy it would be deleted', async () => {
  const bucket = memoryBucket();
  const names = ['Full-00000000-00000060-1795251532.gz', 'Companion-00000060-1795251532.tar.gz'];
  await bucket.fill(names.map((name) => `etcd-main/v2/${name}`));
  const twice = {
    ...bucket,
    list: async function* (prefix: string, options: ListOptions) {
      yield* bucket.list(prefix, options);
      yield* bucket.list(prefix, options);
    },
  };
  const { store } = storeOver(twice);
  assert.equal((await store.list({ signal })).snapshots.length, 1);
  assert.equal((await store.companions.list({ signal })).length, 1);
});

test('10,500 objects are listed in order', async () => {
  const bucket = memoryBucket();
  const names = Array.from({ length: 10_500 }, (_, at) => {
    const start = at * 3 + 2;
    return `etcd-main/v2/Incr-${String(start).padStart(8, '0')}-${String(start + 2).padStart(8, '0')}-${1795251532 + at}.gz`;
  });
  await bucket.fill(names.toSorted((a, b) => (a.slice(-6) < b.slice(-6) ? -1 : 1)));
  const { store } = storeOver(bucket);
  const { snapshots } = await store.list({ signal });
  assert.deepEqual(
    snapshots.map((snapshot) => snapshot.key),
    names,
  );
});

test('facts of the listing come along: immutability, version, exclusion', async () => {
  const bucket = memoryBucket();
  const key = 'etcd-main/v2/Full-00000000-00000060-1';
  const entry = { key, size: 1, modifiedAt: 5, immutableUntil: 99, versionId: 'v7', excluded: true };
  bucket.objects.set(key, { bytes: Buffer.from('x'), entry });
  const { store } = storeOver(bucket);
  const [snapshot] = (await store.list({ signal })).snapshots;
  assert.equal(snapshot?.immutableUntil, 99);
  assert.equal(snapshot?.versionId, 'v7');
  assert.equal(snapshot?.excluded, true);
});
