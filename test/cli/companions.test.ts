import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig } from './rig.ts';

describe('companions', () => {
  it('are stored next to a full, kept by number, and brought back with a restore', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
    const store = ['--storage-provider=Local', '--store-container', rig.home.join('store')];
    const pki = rig.home.join('pki');
    mkdirSync(pki);
    const companions = (): readonly string[] =>
      readdirSync(rig.home.join('store/v2'))
        .filter((name) => name.startsWith('Companion-'))
        .toSorted();
    const missing = await rig.run([
      'snapshot',
      '--once',
      '-e',
      etcd.clientUrl,
      '--include',
      `${pki},/missing`,
      ...store,
    ]);
    assert.equal(missing.exitCode, 1);
    assert.match(
      missing.stderr,
      /^error: cannot include \/missing: there is no such file or directory; check --include\b/m,
    );
    assert.ok(!existsSync(rig.home.join('store', 'v2')), 'nothing is stored before everything can be read');
    for (const round of [1, 2, 3]) {
      await etcd.etcdctl('put', 'round', String(round));
      writeFileSync(`${pki}/ca.key`, `secret ${round}`, { mode: 0o600 });
      const once = ['snapshot', '--once', '-e', etcd.clientUrl, '--include', pki, '--companion-max', '2', '-o', 'json'];
      const { stdout, stderr, exitCode } = await rig.run([...once, ...store]);
      assert.equal(exitCode, 0, stderr);
      const { companion, snapshot } = JSON.parse(stdout) as Record<string, string>;
      assert.equal(companion, `Companion-${snapshot?.slice(14).replace(/\.gz$/, '')}.tar.gz`);
      assert.ok(companions().includes(companion ?? ''));
    }
    assert.equal(companions().length, 2);
    const [first = ''] = companions();
    assert.equal(statSync(rig.home.join('store/v2', first)).mode & 0o777, 0o600);

    const listed = await rig.run(['list', '-o', 'json', ...store]);
    assert.equal(listed.stderr, '', 'companions are no strangers');
    const { companions: shown } = JSON.parse(listed.stdout) as { companions: { name: string }[] };
    assert.deepEqual(
      shown.map(({ name }) => name),
      companions(),
    );
    const verified = await rig.run(['verify', '--temp-dir', rig.home.join('temp'), ...store]);
    assert.match(verified.stdout, /^Companions: +2 archives$/m);
    assert.match(verified.stdout, /^Result: +everything is sound$/m);

    const back = rig.home.join('back');
    const restore = ['restore', '--data-dir', rig.home.join('data'), '--companions', back, '-o', 'json'];
    const { stdout, stderr, exitCode } = await rig.run([...restore, ...store]);
    assert.equal(exitCode, 0, stderr);
    assert.equal((JSON.parse(stdout) as { companion: { files: number } }).companion.files, 1);
    assert.equal(readFileSync(`${back}${pki}/ca.key`, 'utf8'), 'secret 3');
    assert.equal(statSync(`${back}${pki}/ca.key`).mode & 0o777, 0o600);
  });

  it('are looked at before a restore begins', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const missed = await rig.run(['restore', ...flags, '-d', 'data', '--companions', 'back']);
    assert.equal(missed.exitCode, 1);
    assert.match(
      missed.stderr,
      /^error: cannot bring back the companion files from .*: no companion is stored there; .*$/m,
    );
    assert.deepEqual(readdirSync(rig.home.path), ['store']);
  });

  it('belong to --once only, and are missed where there are none', async () => {
    await using rig = makeRig();
    const { stderr, exitCode } = await rig.run(['snapshot', '--include', '/etc/hosts']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--include.*it is given without --once; give --once, too/);
  });
});
