import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { openSnapshotFile } from '../../../../src/objects/single-file-store.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { readStatus } from '../../../../src/operations/status/status.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { restoreRequest, soleMember } from '../../../support/fixtures/restore-request.ts';

for (const line of etcdLines) {
  test(`an alarm of a full etcd ${line} stays behind with its member, or is warned of`, async () => {
    using dir = makeTempDir();
    const release = await etcdRelease(line);
    let peerUrl: string;
    let memberId: string;
    {
      await using etcd = await startEtcd({ release, extraArgs: ['--quota-backend-bytes=2097152'] });
      ({ peerUrl } = etcd);
      const value = 'x'.repeat(90_000);
      for (let count = 0; ; count++) {
        const failed = await etcd.etcdctl('put', `key-${count}`, value).then(
          () => false,
          () => true,
        );
        if (failed) break;
      }
      memberId = /^memberID:(\d+)\s+alarm:NOSPACE/.exec(await etcd.etcdctl('alarm', 'list'))?.[1] ?? '';
      await etcd.etcdctl('snapshot', 'save', dir.join('saved'));
    }
    const alarm = `NOSPACE of member ${BigInt(memberId).toString(16)}`;
    const saved = await readStatus({ path: dir.join('saved'), tempDir: dir.path }, recordedContext());
    assert.deepEqual(saved.alarms, [alarm]);
    await using store = (await openSnapshotFile(dir.join('saved'), { hash: 'needed' })).store;

    const other = restoreRequest(dir, {
      store,
      dataDir: dir.join('other'),
      member: soleMember('http://127.0.0.1:2380'),
    });
    const quiet = recordedContext();
    await restore(other, quiet);
    assert.deepEqual(
      quiet.lines.filter(({ level }) => level === 'warn'),
      [],
    );
    assert.match(quiet.lines.map(({ text }) => text).join('\n'), new RegExp(`Left out the alarm ${alarm}`));
    assert.deepEqual((await readStatus({ path: dir.join('other'), tempDir: dir.path }, recordedContext())).alarms, []);
    const member = [
      '--initial-advertise-peer-urls=http://127.0.0.1:2380',
      '--initial-cluster=default=http://127.0.0.1:2380',
    ];
    await using again = await startEtcd({ release, dataDir: dir.join('other'), extraArgs: member });
    await again.etcdctl('put', 'one', 'more');

    const warned = recordedContext();
    await restore(restoreRequest(dir, { store, dataDir: dir.join('same'), member: soleMember(peerUrl) }), warned);
    const warnings = warned.lines.filter(({ level }) => level === 'warn').map(({ text }) => text);
    assert.match(warnings[0] ?? '', new RegExp(`holds the alarm ${alarm}: etcd takes no writes until it is disarmed`));
    assert.deepEqual((await readStatus({ path: dir.join('same'), tempDir: dir.path }, recordedContext())).alarms, [
      alarm,
    ]);
  });
}
