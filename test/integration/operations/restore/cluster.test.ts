import assert from 'node:assert/strict';
import { it } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { freePort } from '../../../../scripts/lab/free-port.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { parseInitialCluster } from '../../../../src/datadir/membership/initial-cluster.ts';
import { parsePeerUrl } from '../../../../src/datadir/membership/peer-url.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenExpected } from '../../../support/datadir/golden.ts';
import { servedHash, servedKeys } from '../../../support/datadir/served-keys.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

const NAMES = ['m0', 'm1', 'm2'] as const;
const BACKUP = 'etcd-3.5/gzip';

for (const line of etcdLines) {
  it(`three members restored one by one form an etcd ${line} cluster with the backup's state`, async () => {
    using dir = makeTempDir();
    const release = await etcdRelease(line);
    const ports = await Promise.all(NAMES.map(() => freePort()));
    const urls = ports.map((port) => `http://127.0.0.1:${port}`);
    const initialCluster = NAMES.map((name, at) => `${name}=${urls[at]}`).join(',');
    await using members = new AsyncDisposableStack();
    const servers: EtcdServer[] = [];
    for (const [at, name] of NAMES.entries()) {
      const member = {
        name,
        initialCluster: parseInitialCluster(initialCluster),
        initialClusterToken: 'restored',
        initialAdvertisePeerUrls: [parsePeerUrl(urls[at] ?? '')],
      };
      const request = restoreRequest(dir, { dataDir: dir.join(name), member });
      await restore(request, recordedContext());
      const peerPort = ports[at] ?? 0;
      const extraArgs = ['--initial-cluster-token', 'restored'];
      const { dataDir } = request;
      const options = { release, dataDir, name, initialCluster, peerPort, extraArgs, readiness: 'listening' } as const;
      servers.push(members.use(await startEtcd(options)));
    }
    const [first, ...others] = servers;
    assert.ok(first);
    const expected = goldenExpected(BACKUP);
    const put = await eventually(
      () => first.etcdctl('put', '/after/restore', 'written', '--write-out=json').catch(() => undefined),
      { describe: () => `no leader:\n${first.log()}` },
    );
    assert.match(put, new RegExp(`"revision":${expected.revision + 1}\\b`));
    assert.equal((await first.etcdctl('member', 'list')).trim().split('\n').length, NAMES.length);
    const hash = await servedHash(first, expected.revision + 1);
    for (const member of others) {
      await eventually(async () => {
        const found = await servedHash(member, expected.revision + 1).catch(() => undefined);
        return found === hash ? true : undefined;
      });
      const keys = await servedKeys(member);
      assert.equal(keys.length, expected.keys.length + 1);
    }
  });
}
