import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { run } from '../../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { statusReport } from '../../../../src/cli/status.ts';
import { openSnapshotFile } from '../../../../src/objects/single-file-store.ts';
import { readStatus } from '../../../../src/operations/status/status.ts';
import { recordedContext } from '../../../support/context/run-context.ts';

/** What etcd's own tool says of a file. */
async function itsStatus(path: string): Promise<unknown> {
  const { etcdutl } = await etcdRelease('3.5');
  const { stdout } = await run(etcdutl ?? assert.fail('no etcdutl'), ['snapshot', 'status', path, '-w', 'json']);
  return JSON.parse(stdout);
}

async function ourStatus(path: string, tempDir: string): Promise<unknown> {
  const status = await readStatus({ path, tempDir }, recordedContext());
  const { hash, revision, totalKey, totalSize } = statusReport(status).data;
  return { hash, revision, totalKey, totalSize };
}

for (const line of etcdLines) {
  test(`status gives the numbers of etcdutl for snapshot and db of etcd ${line}, and knows what its log adds`, async () => {
    using dir = makeTempDir();
    await using etcd = await startEtcd({ release: await etcdRelease(line), dataDir: dir.join('data') });
    for (const key of ['a', 'b', 'c']) {
      await etcd.etcdctl('put', key, 'value');
    }
    await etcd.etcdctl('del', 'b');
    const saved = dir.join('saved.db');
    await etcd.etcdctl('snapshot', 'save', saved);
    await etcd.etcdctl('put', 'a', 'later');
    assert.deepEqual(await ourStatus(saved, dir.path), await itsStatus(saved));

    await assert.rejects(ourStatus(etcd.dataDir, dir.path), { code: 'data_dir_locked' });
    for (const hash of ['needed', 'optional'] as const) {
      await assert.rejects(openSnapshotFile(`${etcd.dataDir}/member/snap/db`, { hash }), {
        code: 'data_dir_locked',
        message: new RegExp(`etcd \\(pid ${etcd.pid()}\\) has it open and may be writing to it, .*; take a snapshot`),
      });
    }
    await assert.rejects(ourStatus(`${etcd.dataDir}/member/snap/db`, dir.path), { code: 'data_dir_locked' });
    await etcd.kill9();
    const db = `${etcd.dataDir}/member/snap/db`;
    assert.deepEqual(await ourStatus(db, dir.path), await itsStatus(db));
    const { source } = await readStatus({ path: etcd.dataDir, tempDir: dir.path }, recordedContext());
    assert.deepEqual(source, { kind: 'data directory', withLog: 6 });
  });
}
