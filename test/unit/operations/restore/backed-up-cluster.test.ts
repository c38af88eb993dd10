import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { revision } from '../../../../src/revision.ts';
import { markerName } from '../../../../src/snapshot/history/history-marker.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { fullObject } from '../../../support/fixtures/backup-objects.ts';
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
