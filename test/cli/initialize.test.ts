import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { makeRig, type Rig } from './rig.ts';

const golden = `${projectRoot}test/fixtures/golden/etcd-3.5/gzip/store/`;

function flags(rig: Rig): readonly string[] {
  cpSync(golden, rig.home.join('store'), { recursive: true });
  const store = [
    '--storage-provider',
    'Local',
    '--store-container',
    rig.home.join('store'),
    '--store-prefix',
    'etcd-main',
  ];
  return ['initialize', ...store, '-d', 'data', '-o', 'json'];
}

interface Answer {
  readonly found: { readonly state: string };
  readonly action: string;
  readonly restored?: { readonly revision: number };
}

async function answer(rig: Rig, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const { stdout, stderr, exitCode } = await rig.run(args, { env });
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as Answer;
}

describe('initialize', () => {
  it('restores what is missing or damaged, and keeps what is valid', async () => {
    await using rig = makeRig();
    const args = flags(rig);
    const first = await answer(rig, args);
    assert.deepEqual([first.found.state, first.action, first.restored?.revision], ['absent', 'restored', 122]);
    for (const mode of ['full', 'sanity']) {
      const again = await answer(rig, [...args, '--validation-mode', mode]);
      assert.deepEqual([again.found.state, again.action], ['valid', 'kept']);
    }
    truncateSync(rig.home.join('data/member/snap/db'), 10_000);
    const damaged = await answer(rig, args);
    assert.deepEqual([damaged.found.state, damaged.action], ['db_corrupt', 'restored']);
  });

  it('says in one line what it found and did', async () => {
    await using rig = makeRig();
    const { stdout, stderr, exitCode } = await rig.run([...flags(rig), '-o', 'text', '--log-format', 'text']);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^Found: +absent\nAction: +restored\nRevision: +122$/m);
    assert.match(stderr, /^INFO\[\d{4}\] Checking for data directory structure validity\.\.\./m);
  });

  it('without a provider only looks', async () => {
    await using rig = makeRig();
    assert.deepEqual((await answer(rig, ['initialize', '-d', 'data', '-o', 'json'])).action, 'none');
  });

  it('succeeds with an empty store and removes a bad directory, so that a new member can start', async () => {
    await using rig = makeRig();
    mkdirSync(rig.home.join('empty'));
    mkdirSync(rig.home.join('data/member'), { recursive: true });
    const store = ['--storage-provider', 'Local', '--store-container', rig.home.join('empty')];
    assert.equal((await answer(rig, ['initialize', ...store, '-d', 'data', '-o', 'json'])).action, 'removed');
    assert.equal(existsSync(rig.home.join('data/member')), false);
  });

  it('guards the volume by POD_NAMESPACE', async () => {
    await using rig = makeRig();
    const args = flags(rig);
    await answer(rig, args, { POD_NAMESPACE: 'shoot--a' });
    const guard = rig.home.join('safe_guard');
    assert.equal(readFileSync(guard, 'utf8'), 'shoot--a');
    writeFileSync(guard, 'shoot--b');
    const { stderr, exitCode } = await rig.run(args, { env: { POD_NAMESPACE: 'shoot--a' } });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^error: [^\n]*shoot--b[^\n]*$/m);
  });
});
