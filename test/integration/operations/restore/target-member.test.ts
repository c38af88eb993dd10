import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { freePort } from '../../../../scripts/lab/free-port.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { openSnapshotFile } from '../../../../src/objects/single-file-store.ts';
import { type RestoreRequest, restore } from '../../../../src/operations/restore/restore.ts';
import { revision } from '../../../../src/revision.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { servedHash, servedKeys } from '../../../support/datadir/served-keys.ts';
import { restoreRequest, soleMember } from '../../../support/fixtures/restore-request.ts';

const dir = makeTempDir();
let directories = 0;

/** Restores and starts an etcd on the result. */
async function served(line: (typeof etcdLines)[number], changes: Partial<RestoreRequest>): Promise<EtcdServer> {
  const peerPort = await freePort();
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const request = restoreRequest(dir, {
    dataDir: dir.join(`data-${directories++}`),
    member: soleMember(peerUrl),
    ...changes,
  });
  await restore(request, recordedContext());
  return await startEtcd({ release: await etcdRelease(line), dataDir: request.dataDir, peerPort });
}

for (const line of etcdLines) {
  test(`etcd ${line} has the history of an older revision when that was restored, and goes on from it`, async () => {
    await using newest = await served(line, {});
    for (const wanted of [58, 77, 90, 121]) {
      const until = { kind: 'revision', revision: revision(wanted) } as const;
      await using older = await served(line, { target: { until } });
      assert.equal(await servedHash(older, wanted), await servedHash(newest, wanted), `revision ${wanted}`);
      assert.match(await older.etcdctl('put', 'k', 'v', '-w', 'json'), new RegExp(`"revision":${wanted + 1}\\b`));
    }
  });

  test(`what etcdctl ${line} saves is restored from its file, and so is the db of a stopped member`, async () => {
    await using first = await served(line, {});
    await first.etcdctl('put', 'saved', 'yes');
    const saved = dir.join(`saved-${line}.db`);
    await first.etcdctl('snapshot', 'save', saved);
    await using store = (await openSnapshotFile(saved, { hash: 'needed' })).store;
    await using second = await served(line, { store });
    assert.deepEqual(await servedKeys(second), await servedKeys(first));
    assert.equal(await servedHash(second, 123), await servedHash(first, 123));
    await first.stop();

    await using copied = (await openSnapshotFile(`${first.dataDir}/member/snap/db`, { hash: 'optional' })).store;
    await using third = await served(line, { store: copied, skipHashCheck: true });
    assert.equal(await servedHash(third, 123), await servedHash(second, 123));
  });
}
