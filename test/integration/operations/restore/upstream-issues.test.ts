import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { AppendTransaction } from '../../../../src/datadir/bbolt/append-transaction.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect-database.ts';
import { readVersions } from '../../../../src/datadir/mvcc/versions.ts';
import { type RestoreResult, restore } from '../../../../src/operations/restore/restore.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenDatabase } from '../../../support/datadir/golden.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { storedLeases } from '../../../support/datadir/stored-leases.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';
import { deltaObject, fullObject } from '../../../support/fixtures/backup-objects.ts';
import { del, put } from '../../../support/fixtures/delta-events.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

// Named by the issues of etcd-backup-restore that report the fault; other tests of this folder are named so, too.

const base = goldenDatabase('etcd-3.5/gzip');
const full = fullObject(base, { lastRevision: 58 });

async function restored(dir: TempDir, objects: readonly MemoryObject[]): Promise<RestoreResult & { db: string }> {
  const result = await restore(restoreRequest(dir, { store: memorySnapStore(objects) }), recordedContext());
  return { ...result, db: dir.join('data', 'member', 'snap', 'db') };
}

test('upstream 1045, 1046, 583: leases that ran out long ago take no key away and make no revision of their own', async () => {
  using dir = makeTempDir();
  const shortLived = new Map([7n, 8n].map((lease) => [lease, 1]));
  const longAgo = (): { seconds: number; nanos: number } => ({ seconds: 1_000_000_000, nanos: 0 });
  const events: readonly DeltaEvent[] = [
    put('leased', 59, { lease: 7n }),
    put('beside', 60),
    // As etcd recorded that lease 7 ran out.
    del('leased', 61),
    put('leased', 62, { lease: 8n }),
    put('last', 63),
  ];
  const deltas = [events.slice(0, 2), events.slice(2, 4), events.slice(4)].map((part) =>
    deltaObject(part, {}, longAgo, shortLived),
  );
  const { db, revision, eventsApplied } = await restored(dir, [full, ...deltas]);
  assert.equal(revision, 63);
  assert.equal(eventsApplied, events.length);
  const keys = (await storedKeys(db))
    .map(({ key, modRevision, lease }) => [Buffer.from(key, 'base64').toString(), modRevision, lease])
    .filter(([key]) => key === 'leased' || key === 'beside' || key === 'last');
  assert.deepEqual(keys, [
    ['beside', 60, '0'],
    ['last', 63, '0'],
    ['leased', 62, '8'],
  ]);
  const leases = await storedLeases(db);
  assert.deepEqual(
    [7n, 8n].map((lease) => leases.get(lease)),
    [1, 1],
  );
});

test('upstream 963: neither the size of a value nor that of a transaction is limited by a message', async () => {
  using dir = makeTempDir();
  const many = Array.from({ length: 2_000 }, (_, at) =>
    put(`many/${String(at).padStart(4, '0')}`, 59, { value: Buffer.alloc(4_096, at) }),
  );
  const huge = put('huge', 60, { value: Buffer.alloc(5 * 1024 * 1024, 'x') });
  const { db, revision, eventsApplied } = await restored(dir, [full, deltaObject([...many, huge])]);
  assert.equal(revision, 60);
  assert.equal(eventsApplied, 2_001);
  const sizes = (await storedKeys(db)).map(({ valueSize }) => valueSize);
  assert.equal(sizes.filter((size) => size === 4_096).length, 2_000);
  assert.ok(sizes.includes(5 * 1024 * 1024));
});

test('upstream 749, 778: a full that was cut short is not restored, with or without a right hash after it', async () => {
  for (const cut of [base.length - 4096, base.length - 512, base.length / 2]) {
    for (const object of [
      fullObject(base.subarray(0, cut), { lastRevision: 58 }),
      { ...full, bytes: full.bytes.subarray(0, cut) },
    ]) {
      using dir = makeTempDir();
      await assert.rejects(restored(dir, [object]), { name: 'Failure', code: 'snapshot_corrupt' });
    }
  }
});

test('upstream 1063: a database of etcd 3.6 is restored as one', async () => {
  using dir = makeTempDir();
  const path = writeFileIn(dir, 'db', base);
  await using transaction = await AppendTransaction.open(path);
  const options = { signal: AbortSignal.timeout(60_000) };
  await transaction.merge('meta', [entry('storageVersion', '3.6.0')], options);
  await transaction.merge('cluster', [entry('clusterVersion', '3.6.0')], options);
  await transaction.commit(options);
  const ofNewer = fullObject(readFileSync(path), { lastRevision: 58 });
  const { db } = await restored(dir, [ofNewer, deltaObject([put('a', 59)])]);
  await using database = await Database.open(db);
  assert.deepEqual(await readVersions(database), { storage: '3.6.0', cluster: '3.6.0' });
  assert.equal((await inspectDatabase(db, options)).lastRevision, 59);
});

function entry(key: string, value: string): { key: Uint8Array; value: Uint8Array } {
  return { key: Buffer.from(key), value: Buffer.from(value) };
}
