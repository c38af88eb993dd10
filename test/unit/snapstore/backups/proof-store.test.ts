import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import { BackupStore } from '../../../../src/snapstore/backups/backup-store.ts';
import type { StoredProof } from '../../../../src/snapstore/backups/proof-store.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

const proof: StoredProof = {
  on: 1_795_251_600,
  level: 'restore',
  sound: true,
  revision: revision(122),
  snapshots: ['Full-00000000-00000122-1795251532.gz'],
  problems: [],
};

function storeOver(bucket = memoryBucket()) {
  const context = recordedContext();
  const upload = { parallel: 1, minChunkSize: 5 << 20, clock: context.clock, log: context.log };
  return { bucket, context, store: new BackupStore({ bucket, prefix: 'main', upload, log: context.log }) };
}

test('a proof is written whole next to the snapshots, which lists pass over', async () => {
  const { bucket, context, store } = storeOver();
  const key = await store.proofs.record(proof, context);
  assert.equal(key, 'main/v2/Proof-1795251600-00000122-restore-sound.json');
  assert.deepEqual(JSON.parse(String(bucket.objects.get(key)?.bytes)), {
    format: 1,
    ...proof,
    on: '2026-11-21T09:00:00.000Z',
  });
  const { snapshots, ignored } = await store.list(context);
  assert.deepEqual([snapshots, ignored, context.lines], [[], [], []]);
});

test('the newest three stay, whoever wrote them; what may not go does no harm', async () => {
  const { bucket, context, store } = storeOver();
  const other = storeOver(bucket).store;
  for (let at = 0; at < 6; at += 1) {
    const sound = at % 2 === 0;
    await (sound ? store : other).proofs.record({ ...proof, on: proof.on + at, sound }, context);
  }
  const names = (): readonly string[] =>
    [...bucket.objects.keys()].map((key) => key.slice('main/v2/Proof-179525160'.length, -5)).sort();
  assert.deepEqual(names(), ['3-00000122-restore-damaged', '4-00000122-restore-sound', '5-00000122-restore-damaged']);
  const locked = {
    ...bucket,
    delete: (key: string) =>
      Promise.reject(new StoreError('immutable', { action: 'delete', object: key, found: 'it is locked' })),
  };
  await storeOver(locked).store.proofs.record({ ...proof, on: proof.on + 6 }, context);
  assert.equal(names().length, 4);
});
