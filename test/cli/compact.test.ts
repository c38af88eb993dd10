import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { startApiServer } from '../support/servers/api-server.ts';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig } from './rig.ts';

describe('compact', () => {
  it('writes one full in the place of a chain, and restore takes it', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/lzw');
    const { stdout, stderr, exitCode } = await rig.run(['compact', ...flags, '-o', 'json']);
    assert.equal(exitCode, 0, stderr);
    const result = JSON.parse(stdout) as Record<string, unknown> & { from: string[]; snapshot: string };
    assert.match(result.snapshot, /^Full-00000000-00000122-\d+\.Z$/);
    assert.equal(result.from.length, 4);
    assert.deepEqual(readdirSync(rig.home.path), ['store']);
    const status = await rig.run(['status', `store/etcd-main/v2/${result.snapshot}`, '-o', 'json']);
    const { hash, revision } = JSON.parse(status.stdout) as Record<string, unknown>;
    assert.deepEqual({ hash, revision }, { hash: result['hash'], revision: 122 });
    const restored = await rig.run(['restore', ...flags, '-d', 'data', '-o', 'json']);
    assert.deepEqual((JSON.parse(restored.stdout) as Record<string, unknown>)['snapshots'], [result.snapshot]);
    const verified = await rig.run(['verify', ...flags, '--level', 'restore']);
    assert.equal(verified.exitCode, 0, verified.stdout);
  });

  it('keeps a backup final, and prints what it did', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const full = rig.home.join('store/etcd-main/v2/Full-00000000-00000058-1795251532.gz');
    renameSync(full, `${full}.final`);
    const { stdout, exitCode } = await rig.run(['compact', ...flags, '--enable-snapshot-lease-renewal']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^Snapshot: +Full-00000000-00000122-\d+\.gz\.final$/m);
    assert.match(stdout, /^State of: +2026-11-21T08:58:58Z; its name, and TAKEN in list, say a second more/m);
    assert.match(stdout, /^Made of: +Full-00000000-00000058-1795251532\.gz\.final and 3 deltas$/m);
  });

  it('writes the revision into the lease of fulls, and warns where it cannot', async () => {
    await using server = await startApiServer();
    server.create('shoot--a', 'main-full', { holderIdentity: '58' });
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const cluster = `{ server: "${server.url.href}", insecure-skip-tls-verify: true }`;
    writeFileSync(
      rig.home.join('kubeconfig'),
      [
        'current-context: c',
        `clusters: [{ name: k, cluster: ${cluster} }]`,
        'contexts: [{ name: c, context: { cluster: k, user: u } }]',
        'users: [{ name: u, user: { token: t } }]',
      ].join('\n'),
    );
    const lease = ['--enable-snapshot-lease-renewal', '--full-snapshot-lease-name=main-full'];
    const pod = { POD_NAMESPACE: 'shoot--a', KUBECONFIG: rig.home.join('kubeconfig') };
    const run = await rig.run(['compact', ...flags, ...lease], { env: pod });
    assert.equal(run.exitCode, 0, run.stderr);
    assert.equal(server.lease('shoot--a', 'main-full')?.spec['holderIdentity'], '122');
    server.rights.delete('get');
    const refused = await rig.run(['compact', ...flags, ...lease], { env: pod });
    assert.equal(refused.exitCode, 0, refused.stderr);
    assert.match(refused.stderr, /Cannot renew lease shoot--a\/main-full; the snapshot is stored all the same/);
  });

  it('fails without a backup or with a gap in it, and leaves nothing', async () => {
    await using rig = makeRig();
    mkdirSync(rig.home.join('empty'));
    const empty = await rig.run(['compact', '--store-container', rig.home.join('empty')]);
    assert.equal(empty.exitCode, 1);
    assert.match(empty.stderr, /error: cannot compact what is in .*empty: it holds no snapshot/);
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    rmSync(rig.home.join('store/etcd-main/v2/Incr-00000059-00000089-1795251534.gz'));
    const holed = await rig.run(['compact', ...flags]);
    assert.equal(holed.exitCode, 1);
    assert.match(holed.stderr, /revisions 59 to 89 are missing/);
    assert.deepEqual(readdirSync(rig.home.path).sort(), ['empty', 'store']);
    assert.equal(readdirSync(rig.home.join('store/etcd-main/v2')).length, 3);
  });
});
