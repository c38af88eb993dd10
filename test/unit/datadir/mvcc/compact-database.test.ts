import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { checkDatabase } from '../../../../src/datadir/bbolt/check.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { compactDatabase } from '../../../../src/datadir/mvcc/compact-database.ts';
import { readCompactionMarks } from '../../../../src/datadir/mvcc/compaction-marks.ts';
import { hashKv } from '../../../../src/datadir/mvcc/hash-kv.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect-database.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenDatabase } from '../../../support/datadir/golden.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';

for (const name of ['etcd-3.5/gzip', 'etcd-3.4/gzip'] as const) {
  test(`a compacted ${name} holds the living keys, both marks and the other buckets`, async () => {
    using dir = makeTempDir();
    const context = recordedContext();
    const source = writeFileIn(dir, 'source', goldenDatabase(name));
    const target = dir.join('target');
    const { revision, kept } = await compactDatabase(source, target, context);
    const keys = await storedKeys(source);
    assert.deepEqual(await storedKeys(target), keys);
    assert.equal(kept, keys.length);
    const facts = await inspectDatabase(target, context);
    assert.equal(facts.lastRevision, revision);
    assert.equal(facts.changes, keys.length);

    await using before = await Database.open(source);
    await using after = await Database.open(target);
    assert.deepEqual((await checkDatabase(after, context)).damages, []);
    assert.deepEqual(await readCompactionMarks(after), { scheduled: revision, finished: revision });
    assert.equal((await hashKv(after, context)).compactRevision, revision);
    for (const [bucket, key] of [
      ['meta', 'consistent_index'],
      ['cluster', 'clusterVersion'],
    ] as const) {
      const value = await (await before.bucket(bucket))?.get(Buffer.from(key));
      assert.ok(value !== undefined);
      assert.deepEqual(await (await after.bucket(bucket))?.get(Buffer.from(key)), value);
    }
    for (const bucket of ['lease', 'members', 'auth', 'alarm']) {
      const leaf = await (await before.bucket(bucket))?.lastLeaf();
      const copied = await (await after.bucket(bucket))?.lastLeaf();
      assert.equal(copied?.count, leaf?.count, bucket);
    }
  });
}
