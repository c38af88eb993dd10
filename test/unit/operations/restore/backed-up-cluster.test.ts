import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { AppendTransaction } from '../../../../src/datadir/bbolt/append-transaction.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { clusterIdOf } from '../../../../src/operations/restore/backed-up-cluster.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { revision } from '../../../../src/revision.ts';
import { markerName } from '../../../../src/snapshot/history/history-marker.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenDatabase } from '../../../support/datadir/golden.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';
import { fullObject } from '../../../support/fixtures/backup-objects.ts';
import { lookupChain, put } from '../../../support/fixtures/lookup-chain.ts';
import { restoreRequest, soleMember } from '../../../support/fixtures/restore-request.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

test('a restore tells the cluster of the backup from the one that its flags make', async () => {
  using dir = makeTempDir();
  const first = await restore(restoreRequest(dir), recordedContext());
  assert.equal(first.backupClusterId?.toString(16), '5883f85e1c6215b');
  const database = readFileSync(dir.join('data', 'member', 'snap', 'db'));
  const store = memorySnapStore([fullObject(database, { lastRevision: 122 })]);

  const same = await restore(restoreRequest(dir, { store, dataDir: dir.join('same') }), recordedContext());
  assert.deepEqual([same.clusterId, same.backupClusterId], [first.clusterId, undefined]);

  const member = { ...soleMember('http://127.0.0.1:2380'), initialClusterToken: 'other' };
  const other = await restore(restoreRequest(dir, { store, member, dataDir: dir.join('other') }), recordedContext());
  assert.equal(other.backupClusterId, first.clusterId);
  assert.notEqual(other.clusterId, first.clusterId);
});

test('the end of a full tells the id of its cluster, which its members no longer give where one was replaced', async () => {
  using dir = makeTempDir();
  const { store } = await lookupChain([put('/a', 'one', 2)], []);
  const { backupClusterId } = await restore(restoreRequest(dir, { store }), recordedContext());
  assert.equal(backupClusterId, 0xabcn);
});

test('members give their cluster no id once one of them was removed', async () => {
  using dir = makeTempDir();
  const file = writeFileIn(dir, 'db', goldenDatabase('etcd-3.5/gzip'));
  const { signal } = new AbortController();
  const idOf = async (): Promise<bigint | undefined> => {
    await using database = await Database.open(file);
    return await clusterIdOf(database, { signal });
  };
  assert.equal(await idOf(), 0x5883f85e1c6215bn);
  {
    await using transaction = await AppendTransaction.open(file);
    await transaction.replace('members_removed', [
      { key: Buffer.from('a21037e2bb4ee9a4'), value: Buffer.from('removed') },
    ]);
    await transaction.commit({ signal });
  }
  assert.equal(await idOf(), undefined);
});

test('the marker of a history tells the id of its cluster, whatever its members are', async () => {
  using dir = makeTempDir();
  const { store } = restoreRequest(dir);
  const marker = { begunOn: 1_795_251_000, shared: revision(0) };
  const listed = async () => {
    const listing = await store.list({ signal: new AbortController().signal });
    const facts = {
      why: 'rolled_back',
      first: listing.snapshots[0]?.name ?? '',
      clusterId: 'cdf818194e3a8c32',
    } as const;
    return { ...listing, markers: [{ ...marker, ...facts, name: markerName(marker), left: [] }] };
  };
  const marked = { ...store, list: listed };
  const { backupClusterId } = await restore(restoreRequest(dir, { store: marked }), recordedContext());
  assert.equal(backupClusterId, 0xcdf818194e3a8c32n);
});
