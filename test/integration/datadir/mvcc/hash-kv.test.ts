import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { type HistoryHash, hashKv } from '../../../../src/datadir/mvcc/hash-kv.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenExpected } from '../../../support/datadir/golden.ts';
import { servedHash } from '../../../support/datadir/served-keys.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

async function hashOf(dataDir: string): Promise<HistoryHash> {
  await using database = await Database.open(`${dataDir}/member/snap/db`);
  return await hashKv(database, recordedContext());
}

for (const line of etcdLines) {
  test(`our HashKV of a database is that of the etcd ${line} that serves it, compacted or not`, async () => {
    using dir = makeTempDir();
    await restore(restoreRequest(dir), recordedContext());
    const { revision, compactRevision } = goldenExpected('etcd-3.5/gzip');
    const before = await hashOf(dir.join('data'));
    await using etcd = await startEtcd({ release: await etcdRelease(line), dataDir: dir.join('data') });
    assert.deepEqual(before, { hash: await servedHash(etcd, revision), revision, compactRevision: 0 });

    await etcd.etcdctl('compact', '--physical', String(compactRevision));
    const served = await servedHash(etcd, revision);
    assert.equal(served, goldenExpected('etcd-3.5/gzip').hashKV);
    await etcd.stop();
    assert.deepEqual(await hashOf(dir.join('data')), { hash: served, revision, compactRevision });

    await etcd.restart();
    await etcd.etcdctl('put', 'last', 'one');
    await etcd.etcdctl('del', 'last');
    await etcd.etcdctl('compact', '--physical', String(revision + 2));
    // etcd 3.4 refuses to hash at the revision of a compaction, 3.5 answers with the hash it had before.
    await etcd.etcdctl('put', 'after', 'it');
    const after = await servedHash(etcd, revision + 3);
    await etcd.stop();
    assert.deepEqual(await hashOf(dir.join('data')), {
      hash: after,
      revision: revision + 3,
      compactRevision: revision + 2,
    });
  });
}
