import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { describe, it } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { run } from '../../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { bucketEntries, inBatches } from '../../../../src/datadir/bbolt/entry-stream.ts';
import { FreshDatabase } from '../../../../src/datadir/bbolt/fresh-database.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenExpected } from '../../../support/datadir/golden.ts';
import { servedHash, servedKeys } from '../../../support/datadir/served-keys.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

const { signal } = new AbortController();

/** Writes every bucket of a database into a fresh one of the given page size. */
async function copied(from: string, to: string, options: { readonly pageSize: number }): Promise<void> {
  await using source = await Database.open(from);
  await using target = await FreshDatabase.create(to, options);
  for await (const { key } of bucketEntries(source.root, { signal, content: 'buckets' })) {
    const bucket = await source.root.bucket(key);
    assert.ok(bucket);
    await target.bucket(Uint8Array.from(key), inBatches(bucketEntries(bucket, { signal })));
  }
  await target.commit({ signal });
}

describe('a fresh database', () => {
  for (const pageSize of [4096, 16_384]) {
    for (const line of etcdLines) {
      it(`of pages of ${pageSize} bytes is sound to etcd ${line}, which works on it`, async () => {
        using dir = makeTempDir();
        const release = await etcdRelease(line);
        const expected = goldenExpected('etcd-3.5/gzip');
        const request = restoreRequest(dir);
        await restore(request, recordedContext());
        const db = dir.join('data/member/snap/db');
        const before = await inspectDatabase(db, { signal });
        await copied(db, dir.join('fresh'), { pageSize });
        renameSync(dir.join('fresh'), db);

        // It runs bbolt's own check before it prints anything.
        const status = ['snapshot', 'status', db, '--write-out=json'];
        const { stdout } = await run(release.etcdutl ?? release.etcdctl, status, { env: { ETCDCTL_API: '3' } });
        const { hash, totalKey, revision } = JSON.parse(stdout) as Record<string, number>;
        assert.deepEqual(
          { hash, totalKey, revision },
          {
            hash: before.hash,
            // Since 3.6 it counts the keys that exist, not the records.
            totalKey: line === '3.4' || line === '3.5' ? before.totalKeys : expected.keys.length,
            revision: expected.revision,
          },
        );

        await using etcd = await startEtcd({ release, dataDir: request.dataDir });
        assert.deepEqual(await servedKeys(etcd), expected.keys);
        for (let round = 0; round < 20; round++) {
          await etcd.etcdctl('put', `/after/${round}`, 'x'.repeat(3000));
        }
        await etcd.etcdctl('del', '/after/', '--prefix');
        await etcd.etcdctl('compact', '--physical', String(expected.compactRevision));
        assert.equal(await servedHash(etcd, expected.revision), expected.hashKV);
        await etcd.restart();
        assert.deepEqual(await servedKeys(etcd), expected.keys);
        await etcd.etcdctl('defrag');
        assert.deepEqual(await servedKeys(etcd), expected.keys);
      });
    }
  }
});
