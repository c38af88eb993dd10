import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { goldenStorePath } from '../support/golden-store.ts';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig, type Rig } from './rig.ts';

/** A backup with a full and three deltas, last revision 122. */
const golden = goldenStorePath('etcd-3.5/gzip');

function storeFlags(rig: Rig): readonly string[] {
  return goldenStoreFlags(rig, 'etcd-3.5/gzip');
}

describe('restore', () => {
  it('prints what stands on disk, and logs as JSON when nobody looks', async () => {
    await using rig = makeRig();
    const { stdout, stderr, exitCode } = await rig.run(['restore', ...storeFlags(rig), '-d', 'data']);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^Data directory: +\S*data$/m);
    assert.match(stdout, /^Revision: +122$/m);
    assert.match(stdout, /^Base snapshot: +Full-00000000-00000058-1795251532\.gz$/m);
    assert.match(stdout, /^Delta snapshots: +3$/m);
    assert.match(stdout, /^Member id: +8e9e05c52164694d$/m);
    for (const line of stderr.trimEnd().split('\n')) {
      const record = JSON.parse(line) as Record<string, unknown>;
      assert.match(String(record['level']), /^(info|warn)$/);
      assert.match(String(record['time']), /^20\d\d-\d\d-\d\dT[\d:.]+Z$/);
      assert.equal(typeof record['msg'], 'string');
    }
    assert.ok(existsSync(rig.home.join('data/member/snap/db')));
    assert.equal(statSync(rig.home.join('data')).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(rig.home.path).sort(), ['data', 'store']);
  });

  it('prints JSON on request', async () => {
    await using rig = makeRig();
    const { stdout, exitCode } = await rig.run(['restore', ...storeFlags(rig), '-d', 'data', '-o', 'json']);
    assert.equal(exitCode, 0);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(result['revision'], 122);
    assert.equal(result['memberId'], '8e9e05c52164694d');
    assert.equal(stdout.trimEnd().includes('\n'), false);
  });

  it('takes everything from the environment, too', async () => {
    await using rig = makeRig();
    storeFlags(rig);
    const env = {
      ETCDBRCTL_STORAGE_PROVIDER: 'Local',
      STORAGE_CONTAINER: rig.home.join('store'),
      ETCDBRCTL_STORE_PREFIX: 'etcd-main',
      ETCDBRCTL_DATA_DIR: 'data',
      ETCDBRCTL_OUTPUT: 'json',
    };
    const { stdout, exitCode } = await rig.run(['restore'], { env });
    assert.equal(exitCode, 0);
    assert.equal((JSON.parse(stdout) as Record<string, unknown>)['revision'], 122);
  });

  it('finds a relative container below the home directory, default.bkp when none is given', async () => {
    await using rig = makeRig();
    cpSync(golden, rig.home.join('default.bkp'), { recursive: true });
    const { exitCode } = await rig.run(['restore', '--store-prefix', 'etcd-main', '-d', 'data']);
    assert.equal(exitCode, 0);
  });

  it('notes flags that have nothing to tune, at debug level', async () => {
    await using rig = makeRig();
    const args = ['restore', ...storeFlags(rig), '--max-txn-ops=1', '--log-format=text'];
    const quiet = await rig.run([...args, '-d', 'one']);
    assert.doesNotMatch(quiet.stderr, /max-txn-ops/);
    const loud = await rig.run([...args, '-d', 'two', '--log-level=debug']);
    assert.match(loud.stderr, /^DEBU\[\d{4}\] --max-txn-ops is accepted/m);
    assert.doesNotMatch(loud.stderr, /auto-compaction/);
  });

  it('refuses a data directory that holds a member, in one line', async () => {
    await using rig = makeRig();
    mkdirSync(rig.home.join('data/member'), { recursive: true });
    writeFileSync(rig.home.join('data/member/precious'), '');
    const { stdout, stderr, exitCode } = await rig.run(['restore', ...storeFlags(rig), '-d', 'data']);
    assert.equal(exitCode, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^error: cannot restore into .*data: [^\n]*member[^\n]*\n$/m);
    assert.deepEqual(readdirSync(rig.home.join('data/member')), ['precious']);
  });

  it('fails on an empty store, and says so as JSON when told to log so', async () => {
    await using rig = makeRig();
    mkdirSync(rig.home.join('empty'));
    const args = ['restore', '--store-container', rig.home.join('empty'), '--log-format=json'];
    const { stderr, exitCode } = await rig.run(args);
    assert.equal(exitCode, 1);
    const last = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    assert.equal(last['level'], 'error');
    assert.equal(last['exitCode'], 1);
    assert.equal(typeof last['code'], 'string');
    assert.match(String(last['msg']), /empty/);
  });
});

describe('on a terminal', () => {
  it('log lines are text, progress is shown, and nothing is torn', async () => {
    await using rig = makeRig();
    const { stdout: screen, exitCode } = await rig.runOnTerminal(['restore', ...storeFlags(rig), '-d', 'data']);
    assert.equal(exitCode, 0, screen);
    const shown = screen.replaceAll('\u001b', '<esc>');
    assert.match(shown, /<esc>\[36mINFO<esc>\[0m\[0\d{3}\] /);
    assert.match(shown, /\r<esc>\[Krestore \[=* *\]/);
    // Whatever stood before a log line on its row has been erased.
    for (const row of shown.split('\n')) {
      const visible = row.split('\r<esc>[K').at(-1) ?? '';
      assert.doesNotMatch(visible, /.+<esc>\[36mINFO/);
    }
    assert.match(shown, /Revision: +122/);
  });
});
