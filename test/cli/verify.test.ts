import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig } from './rig.ts';

describe('verify', () => {
  it('proves a sound store by restoring it, and leaves nothing', async () => {
    await using rig = makeRig();
    const flags = [...goldenStoreFlags(rig, 'etcd-3.5/zlib'), '--temp-dir', rig.home.path];
    const { stdout, stderr, exitCode } = await rig.run(['verify', '--level', 'restore', ...flags]);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^Snapshots: +4 objects in 1 chain, 4 read$/m);
    assert.match(stdout, /^Restorable up to: +revision 122, the state of 2026-\S+Z$/m);
    assert.match(stdout, /^HashKV: +\d+ \(compact revision 0\)$/m);
    assert.deepEqual(readdirSync(rig.home.path), ['store']);
  });

  it('fails with what is wrong and up to where a restore can go', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const store = rig.home.join('store/etcd-main/v2');
    rmSync(`${store}/Incr-00000120-00000122-1795251538.gz`);
    const bent = `${store}/Incr-00000090-00000119-1795251536.gz`;
    writeFileSync(bent, readFileSync(bent).subarray(0, 1_000));
    const { stdout, stderr, exitCode } = await rig.run(['verify', '-o', 'json', ...flags]);
    assert.equal(exitCode, 1);
    const result = JSON.parse(stdout) as Record<string, unknown> & { findings: Record<string, string>[] };
    assert.equal(result['sound'], false);
    assert.equal(result['provableRevision'], 89);
    assert.equal(result['newestRevision'], 119);
    assert.equal(result.findings[0]?.['snapshot'], 'Incr-00000090-00000119-1795251536.gz');
    assert.match(
      stderr,
      /error: cannot verify .*: 1 problem found; it can be restored up to revision 89 \(etcdbrctl restore --to-revision 89\)/,
    );
    const restored = await rig.run(['restore', ...flags, '--to-revision', '89', '-d', 'data']);
    assert.equal(restored.exitCode, 0, restored.stderr);
  });

  it('fails on an empty store', async () => {
    await using rig = makeRig();
    const none = rig.home.join('none');
    const { stdout, stderr, exitCode } = await rig.run(['verify', '--record', '--store-container', none]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /problem: the store holds no snapshot/);
    assert.match(
      stderr,
      /error: cannot verify .*none: it holds no snapshot, as it does not exist; check --store-container/,
    );
    assert.ok(!existsSync(none), 'no proof is written where nothing is');
  });

  it('promises nothing by names where the only full is empty', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    writeFileSync(rig.home.join('store/etcd-main/v2/Full-00000000-00000058-1795251532.gz'), '');
    const { stdout, stderr, exitCode } = await rig.run(['verify', '--level', 'catalog', ...flags]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^Restorable up to: +nothing$/m);
    assert.match(stderr, /nothing in it can be restored/);
  });
});
