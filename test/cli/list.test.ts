import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { xmlRefusal } from '../support/servers/answer-script.ts';
import { startS3Server } from '../support/servers/s3-server.ts';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig } from './rig.ts';
import { fillWithGolden, s3Place } from './s3-place.ts';

interface Listed {
  readonly lastRevision: number;
  readonly restorable: boolean;
  readonly chains: readonly { readonly full: { readonly name: string }; readonly deltas: readonly unknown[] }[];
}

describe('list', () => {
  it('shows the chains of a store', async () => {
    await using rig = makeRig();
    const { stdout, stderr, exitCode } = await rig.run(['list', ...goldenStoreFlags(rig, 'etcd-3.5/gzip')]);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^Chain 1: to revision 122, \d+\w old, 4 objects, [\d.]+ KiB\n {2}restore takes this one$/m);
    assert.match(stdout, /^ {2}Incr-00000120-00000122-1795251538\.gz {2}2026-11-21 08:58:58 +\d+/m);
    assert.equal(stderr, '');
  });

  it('finds the old layout, too', async () => {
    await using rig = makeRig();
    const { stdout } = await rig.run(['list', ...goldenStoreFlags(rig, 'layout-v1'), '-o', 'json']);
    const listed = JSON.parse(stdout) as Listed;
    assert.equal(listed.lastRevision, 122);
    assert.equal(listed.chains[0]?.deltas.length, 3);
  });

  it('tells scripts of a hole, and fails when it is in the newest chain', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const store = rig.home.join('store/etcd-main/v2');
    rmSync(`${store}/Incr-00000090-00000119-1795251536.gz`);
    writeFileSync(`${store}/notes.txt`, '');
    const { stdout, stderr, exitCode } = await rig.run(['list', ...flags, '-o', 'yaml']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /cannot restore the newest state of \S+: revisions 90 to 119 are missing in its newest chain/);
    const listed = parse(stdout) as Listed & { ignored: string[]; chains: { missing: unknown }[] };
    assert.equal(listed.restorable, false);
    assert.equal(listed.lastRevision, 89);
    assert.deepEqual(listed.chains[0]?.missing, { from: 90, to: 119 });
    assert.deepEqual(listed.ignored, ['etcd-main/v2/notes.txt']);
  });

  it('marks an empty snapshot, and fails when it is the newest', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    writeFileSync(`${rig.home.join('store/etcd-main/v2')}/Full-00000000-00000130-1795251600.gz`, '');
    const { stdout, stderr, exitCode } = await rig.run(['list', ...flags]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /BROKEN: restore takes this one, and fails\n.*\n.*0 B\n {6}EMPTY: 0 bytes are no snapshot/);
    assert.match(stderr, /Full-00000000-00000130-1795251600.gz has only 0 bytes/);
    const verified = await rig.run(['verify', ...flags, '--level', 'catalog']);
    assert.equal(verified.exitCode, 1);
    assert.match(verified.stdout, /problem: Full-00000000-00000130-1795251600.gz: it has only 0 bytes/);
  });

  it('copes with names whose numbers have no date and no revision after them', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const folder = rig.home.join('store/etcd-main/v2');
    for (const name of ['Full-00000000-00000001-9007199254740991.gz', 'Incr-00000001-9007199254740991-1795251600']) {
      writeFileSync(`${folder}/${name}`, '');
    }
    for (const command of [['list'], ['prune'], ['restore', '--plan'], ['verify', '--level', 'catalog']]) {
      for (const format of command[0] === 'restore' ? ['text', 'json'] : ['table', 'json', 'yaml']) {
        const { stderr, exitCode } = await rig.run([...command, ...flags, '-o', format]);
        assert.equal(exitCode, 0, stderr);
        assert.match(stderr, /a number in its name is too large|ignoring an object/);
      }
    }
  });

  it('says what to check when there is nothing', async () => {
    await using rig = makeRig();
    const { stdout, stderr, exitCode } = await rig.run([
      'list',
      '--store-container',
      rig.home.join('nowhere'),
      '--all',
    ]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /nowhere: it does not exist$/m);
    assert.match(stderr, /^error: cannot list the backups in \S+nowhere: it does not exist; check --store-container/m);
    mkdirSync(rig.home.join('nowhere'));
    const there = await rig.run(['list', '--store-container', rig.home.join('nowhere')]);
    assert.equal(there.exitCode, 0);
    assert.match(
      there.stdout,
      /nowhere: no snapshot is shown, but its directory is empty, as where a volume is not mounted$/m,
    );
  });

  it('says that the snapshots lie a directory above, or under another prefix', async () => {
    await using rig = makeRig();
    goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const list = async (container: string, ...more: string[]): Promise<string> =>
      (await rig.run(['list', '--store-container', rig.home.join(container), ...more])).stdout;
    const wrong = await rig.run(['list', '--store-container', rig.home.join('store/etcd-main/v2')]);
    assert.equal(wrong.exitCode, 1);
    assert.match(
      wrong.stderr,
      /cannot list the backups in .*v2: snapshots are directly there, .*; give the directory above/,
    );
    assert.match(await list('store/etcd-main/v2'), /some directly here; give the directory above: leave out \/v2/);
    assert.match(await list('store'), /holds some under "etcd-main": check --store-prefix/);
    assert.equal(JSON.parse(await list('store', '-o', 'json')).empty.kind, 'other prefixes');
  });

  it('takes only flags', async () => {
    await using rig = makeRig();
    const { stderr, exitCode } = await rig.run(['list', 'something']);
    assert.equal(exitCode, 2);
    assert.match(
      stderr,
      /cannot use argument 2 of the command line: list takes only flags; did you mean --store-container DIR\?/,
    );
  });

  it('fails, after the list, where two histories are mixed or a marker leaves nothing', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const folder = rig.home.join('store/etcd-main/v2');
    const full = readdirSync(folder).find((name) => name.startsWith('Full-')) ?? '';
    cpSync(`${folder}/${full}`, `${folder}/Full-00000000-00000100-1795251600.gz`);
    const mixed = await rig.run(['list', ...flags]);
    assert.equal(mixed.exitCode, 1);
    assert.match(mixed.stdout, /TWO HISTORIES\?/);
    assert.match(mixed.stderr, /^error: cannot find the newest state of .* was taken after .*, but ends before it/m);
    rmSync(`${folder}/Full-00000000-00000100-1795251600.gz`);
    const marker = { format: 1, why: 'rolled_back', first: 'Full-00000000-00000003-1795251700', clusterId: '1' };
    writeFileSync(
      `${folder}/History-1795251700-00000001.json`,
      JSON.stringify({ ...marker, left: readdirSync(folder) }),
    );
    const left = await rig.run(['list', ...flags]);
    assert.equal(left.exitCode, 1);
    assert.match(left.stderr, /no full of it is there; take a full snapshot/);
    const restored = await rig.run(['restore', ...flags, '--history', '1', '-d', 'data']);
    assert.equal(restored.exitCode, 0, restored.stderr);
  });

  it('says that it tries again while a store is not well', async () => {
    await using rig = makeRig();
    await using server = await startS3Server();
    fillWithGolden(server);
    const { flags, env } = s3Place(rig, server.endpoint);
    let left = 3;
    server.fault(() => {
      left -= 1;
      return left < 0 ? undefined : { kind: 'answer', answer: xmlRefusal(503, 'SlowDown') };
    });
    const args = ['list', '--store-prefix=etcd-main', '--log-format=text', ...flags];
    const { stderr, exitCode } = await rig.run(args, { env });
    assert.equal(exitCode, 0, stderr);
    const told = stderr.split('\n').filter((line) => line.includes('Trying again'));
    assert.equal(told.length, 1, stderr);
    assert.match(
      told[0] ?? '',
      /^WARN\[\d+\] Trying again in 2 s, try 4 of at most 7: cannot look at .*: the store answered 503 SlowDown/,
    );
  });
});
