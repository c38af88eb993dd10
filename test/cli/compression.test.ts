import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { makeRig } from './rig.ts';

const started = { release: await etcdRelease('3.5') };

describe('--compression-policy', () => {
  it('zstd is written with fulls and deltas, and read whatever the policy of the reader', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd(started);
    const store = ['--storage-provider=Local', '--store-container', rig.home.join('store'), '--log-format=text'];
    const policy = ['--compression-policy=zstd', '--compression-level=19'];
    const names = (): readonly string[] => readdirSync(rig.home.join('store/v2'));
    await etcd.etcdctl('put', 'a', '1');
    const running = rig.start(['snapshot', '-e', etcd.clientUrl, ...store, ...policy, '--delta-snapshot-period=1s']);
    await running.saw(/Successfully saved full snapshot/);
    const delta = await eventually(async () => {
      await etcd.etcdctl('put', 'a', '2');
      return names().find((name) => name.startsWith('Incr-'));
    });
    running.kill('SIGTERM');
    await running.finished;
    assert.match(delta, /^Incr-00000003-\d+-\d+\.zst$/);
    const last = Math.max(...names().map((name) => Number(name.split('-')[2])));
    const verified = await rig.run(['verify', ...store, '--temp-dir', rig.home.join('temp')]);
    assert.match(verified.stdout, new RegExp(`^Restorable up to: +revision ${last}\\b`, 'm'), verified.stderr);
    const zst = names().find((name) => /^Full-00000000-00000002-\d+\.zst$/.test(name)) ?? '';
    const status = await rig.run(['status', rig.home.join('store/v2', zst)]);
    assert.match(status.stdout, /compression zstd/, status.stderr);
  });
});
