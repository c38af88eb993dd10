import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { makeRig } from '../../../cli/rig.ts';

for (const line of etcdLines) {
  test(`etcd ${line}: a change of users, roles or the switch of authentication brings a full at once`, async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd({ release: await etcdRelease(line) });
    const store = ['--storage-provider=Local', '--store-container', rig.home.join('store')];
    const env = { ETCDBRCTL_ETCD_USERNAME: 'root', ETCDBRCTL_ETCD_PASSWORD: 'pw' };
    const flags = ['-e', etcd.clientUrl, ...store, '--delta-snapshot-period=1s', '--log-format=text'];
    const running = rig.start(['snapshot', ...flags], { env });
    const fulls = (): number =>
      existsSync(rig.home.join('store/v2'))
        ? readdirSync(rig.home.join('store/v2')).filter((name) => name.startsWith('Full-')).length
        : 0;
    await running.saw(/Applied watch on etcd/);
    let before = fulls();
    const changes: readonly (readonly string[])[] = [
      ['user', 'add', 'root:pw'],
      ['role', 'add', 'readers'],
      ...(line === '3.4' ? [] : [['role', 'grant-permission', 'readers', 'read', 'a']]),
      ['auth', 'enable'],
      ['--user', 'root:pw', 'user', 'add', 'other:pw'],
      ...(line === '3.4' ? [] : [['--user', 'root:pw', 'user', 'delete', 'other']]),
    ];
    for (const change of changes) {
      await etcd.etcdctl(...change);
      await eventually(() => (fulls() > before ? true : undefined), {
        describe: () => `no full after ${change.join(' ')}\n${running.stderr()}`,
      });
      before = fulls();
    }
    await etcd.etcdctl('--user', 'root:pw', 'put', 'a', '1');
    running.kill('SIGTERM');
    const { exitCode, stderr } = await running.finished;
    assert.equal(exitCode, 0, stderr);
    const restored = await rig.run(['restore', '-d', rig.home.join('data'), ...store]);
    assert.match(restored.stdout, /^Users and roles: +as of Full-00000000-0000000\d-\d+\.gz$/m, restored.stderr);
  });
}
