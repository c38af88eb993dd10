import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { GOLDEN_NAMES, goldenDatabase, goldenExpected } from '../support/datadir/golden.ts';
import { goldenFull } from '../support/fixtures/golden-store.ts';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig, type Rig } from './rig.ts';

type Line = Readonly<Record<string, unknown>>;

/** What a command prints with `-o json`, line by line; `temp` has to be empty afterwards. */
async function linesOf(rig: Rig, args: readonly string[]): Promise<readonly Line[]> {
  const { stdout, stderr, exitCode } = await rig.run([...args, '-o', 'json', '--temp-dir', rig.home.join('temp')]);
  assert.equal(exitCode, 0, stderr);
  assert.ok(!readdirSync(rig.home.path).includes('temp'), 'nothing temporary is left');
  return stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

function base64Of({ key, keyBase64 }: Line): string {
  return typeof key === 'string' ? Buffer.from(key).toString('base64') : String(keyBase64);
}

describe('ls, get, history and diff', () => {
  for (const backup of GOLDEN_NAMES) {
    it(`list what is in ${backup}, which was written by the Go program`, async () => {
      await using rig = makeRig();
      const listed = await linesOf(rig, ['ls', ...goldenStoreFlags(rig, backup)]);
      const { keys } = goldenExpected(backup);
      assert.deepEqual(
        listed.map((line) => [base64Of(line), line['revision'], line['size']]),
        keys.map(({ key, modRevision, valueSize }) => [key, modRevision, valueSize]),
      );
    });
  }

  it('get the bytes of a value, also of a key that is no text', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const { keys } = goldenExpected('etcd-3.5/gzip');
    const [odd, another] = [keys[0], keys.find(({ key }) => Buffer.from(key, 'base64').toString() === '/end')];
    for (const wanted of [odd, another]) {
      assert.ok(wanted !== undefined);
      const hex = Buffer.from(wanted.key, 'base64').toString('hex');
      const [line = {}] = await linesOf(rig, ['get', '--hex', hex, ...flags]);
      const { value, valueBase64, size, revision } = line;
      const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(String(valueBase64), 'base64');
      assert.equal(createHash('sha256').update(bytes).digest('hex'), wanted.valueSha256);
      assert.deepEqual([size, revision], [wanted.valueSize, wanted.modRevision]);
    }
    const raw = await rig.run(['get', '-o', 'raw', '/end', ...flags]);
    assert.equal(createHash('sha256').update(raw.stdout).digest('hex'), another?.valueSha256);
  });

  it('get an older state and every version; a deletion and an unknown key are told, with 1', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const changes = await linesOf(rig, ['diff', '58', 'newest', ...flags]);
    const deleted = changes.find(({ change, key }) => change === 'deleted' && typeof key === 'string');
    assert.ok(deleted !== undefined);
    const key = String(deleted['key']);
    const history = await linesOf(rig, ['history', key, ...flags]);
    const last = history.at(-1);
    assert.equal(last?.['change'], 'deleted');
    assert.match(String(last['seen']), /^20\d\d-.*Z$/);
    assert.equal(history[0]?.['seen'], null, 'the full held it already');
    const before = Number(last['revision']) - 1;
    const [found = {}] = await linesOf(rig, ['get', key, '--revision', String(before), ...flags]);
    assert.equal(found['readAtRevision'], before);
    const versions = await linesOf(rig, ['get', key, '--all-revisions', ...flags]);
    assert.deepEqual(
      versions.map(({ revision }) => revision),
      history.map(({ revision }) => revision),
    );
    const gone = await rig.run(['get', key, ...flags, '--log-format=text']);
    assert.equal(gone.exitCode, 1);
    assert.match(gone.stderr, new RegExp(`it was deleted at revision ${before + 1}.*--revision ${before} `));
    const unknown = await rig.run(['history', 'no/such/key', ...flags, '--log-format=text']);
    assert.equal(unknown.exitCode, 1);
    assert.match(unknown.stderr, /error: cannot read the key "no\/such\/key": .* holds no such key at revision 122/);
  });

  it('show tables on a terminal, and group keys by their paths', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const groups = await linesOf(rig, ['ls', '/registry/', '--depth', '1', ...flags]);
    const keys = await linesOf(rig, ['ls', '/registry/', ...flags]);
    assert.deepEqual(
      groups.map(({ path, keys: count, size }) => [path, count, size]),
      [...new Set(keys.map(({ key }) => /^\/registry\/[^/]+\/?/.exec(String(key))?.[0]))].map((path) => {
        const below = keys.filter(({ key }) => String(key).startsWith(String(path)));
        return [path, below.length, below.reduce((sum, { size }) => sum + Number(size), 0)];
      }),
    );
    const table = (await rig.run(['ls', '/registry/', '--depth', '1', ...flags])).stdout.split('\n');
    assert.equal(table[0], '      KEYS            SIZE  PATH');
    assert.equal(table.length, groups.length + 2);
    const [first] = keys;
    const history = (await rig.run(['history', String(first?.['key']), ...flags])).stdout;
    assert.match(history, /^ *REVISION {2}SEEN \(UTC\) +CHANGE +VERSION +SIZE {2}LEASE\n *\d+ {2}/);
    const none = await rig.run(['ls', 'no/such/prefix', ...flags]);
    assert.deepEqual([none.exitCode, none.stdout], [0, '      SIZE      REVISION  KEY\n']);
  });

  it('do not show a secret as text unless that is asked for', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const args = ['get', '/registry/secrets/s-11', ...flags];
    assert.match((await rig.run(args)).stdout, /\n\(a secret of 250 B; --show-secrets shows it\)\n$/);
    assert.doesNotMatch((await rig.run([...args, '--show-secrets'])).stdout, /a secret of/);
  });

  it('read a file, a db and the data directory of a stopped etcd in the same way', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    const full = rig.home.join('full.gz');
    writeFileSync(full, goldenFull('etcd-3.5/gzip').bytes);
    const db = rig.home.join('db');
    writeFileSync(db, goldenDatabase('etcd-3.5/gzip'));
    const restored = await rig.run(['restore', ...flags, '-d', rig.home.join('data')]);
    assert.equal(restored.exitCode, 0, restored.stderr);
    const stored = await linesOf(rig, ['ls', '/registry/', ...flags]);
    assert.deepEqual(await linesOf(rig, ['ls', '/registry/', '--file', rig.home.join('data')]), stored);
    const inFull = await linesOf(rig, ['ls', '/registry/', '--file', full]);
    assert.deepEqual(await linesOf(rig, ['ls', '/registry/', '--file', db]), inFull);
    assert.deepEqual(await linesOf(rig, ['ls', '/registry/', '--revision', '58', ...flags]), inFull);
    assert.deepEqual(await linesOf(rig, ['diff', full, '58', ...flags]), []);
    assert.deepEqual(await linesOf(rig, ['diff', 'newest', rig.home.join('data'), ...flags]), []);
  });

  it('compare a backup with the living cluster, by time and by snapshot', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
    const flags = ['--storage-provider=Local', '--store-container', rig.home.join('store'), '-e', etcd.clientUrl];
    for (const key of ['/registry/a', '/registry/a/b', '/registry/c']) {
      await etcd.etcdctl('put', key, 'one');
    }
    const taken = await rig.run(['snapshot', '--once', '-o', 'json', ...flags]);
    const { snapshot } = JSON.parse(taken.stdout) as { readonly snapshot: string };
    await etcd.etcdctl('put', '/registry/a', 'two');
    await etcd.etcdctl('put', '/registry/c', 'one');
    await etcd.etcdctl('del', '/registry/a/b');
    await etcd.etcdctl('put', '/registry/d', 'one');
    await etcd.etcdctl('put', '/other', 'one');
    const expected = [
      ['changed', '/registry/a'],
      ['deleted', '/registry/a/b'],
      ['added', '/registry/d'],
    ];
    for (const before of ['newest', snapshot, '4']) {
      const changes = await linesOf(rig, ['diff', before, 'live', '--prefix', '/registry/', ...flags]);
      assert.deepEqual(
        changes.map(({ change, key }) => [change, key]),
        expected,
      );
    }
    const text = await rig.run(['diff', snapshot, 'live', ...flags]);
    assert.match(text.stdout, /\n2 keys added, 1 changed, 1 deleted, from revision 4 to revision 9\n$/);
    const early = await rig.run(['diff', '2001-01-01', 'live', ...flags, '--log-format=text']);
    assert.equal(early.exitCode, 2, 'a day is no time');
    const outside = await rig.run(['get', '/registry/a', '--time', '2001-01-01T00:00:00Z', ...flags.slice(0, 3)]);
    assert.equal(outside.exitCode, 1, outside.stderr);
  });

  it('export tells with 1 that nothing begins with a prefix', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    for (const where of [['--to', rig.home.join('export')], ['--to-dir', rig.home.join('export')], []]) {
      const { stderr, stdout, exitCode } = await rig.run(['export', 'mistyped/', ...where, ...flags]);
      assert.equal(exitCode, 1);
      assert.match(stderr, /cannot export keys of .*: none of the wanted keys is there at revision 122/);
      assert.equal(stdout, '');
      assert.equal(
        existsSync(rig.home.join('export')),
        false,
        'what looks like an export would be in the way of the next',
      );
    }
  });

  it('refuse what cannot be meant, with 2', async () => {
    await using rig = makeRig();
    const flags = goldenStoreFlags(rig, 'etcd-3.5/gzip');
    for (const [args, message] of [
      [['get'], /KEY is missing/],
      [['get', 'a', 'b'], /get takes one KEY/],
      [['get', 'abc', '--hex'], /even number of hexadecimal digits/],
      [['get', 'a', '-o', 'raw', '--all-revisions'], /--all-revisions is given as well/],
      [['get', 'a', '--revision', '5', '--time', '5m ago'], /--revision is given as well/],
      [['ls', '--time', '2999-01-01T00:00:00Z'], /it is in the future/],
      [['ls', '--file', 'x', '--time', '5m ago'], /a file has no times/],
      [['diff', '5'], /B is missing/],
      [['diff', '5', '6', '7'], /diff takes only A B/],
      [['diff', 'no/such/file', 'newest'], /it is no revision, no time/],
    ] as const) {
      const { exitCode, stderr, stdout } = await rig.run([...args, ...flags, '--log-format=text']);
      assert.equal(exitCode, 2, `${args.join(' ')}\n${stderr}`);
      assert.match(stderr, message);
      assert.equal(stdout, '');
    }
  });
});
