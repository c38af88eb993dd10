import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { generateX25519Identity } from 'age-encryption';
import { etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { type EndedRun, startInProcess } from '../../../support/cli/run-in-process.ts';
import { ageKey, otherAgeKey } from '../../../support/fixtures/age-keys.ts';
import { encryptedGoldenStore } from '../../../support/fixtures/encrypted-golden-store.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';

const backup = 'etcd-3.5/gzip';
const full = 'Full-00000000-00000058-1795251532.gz';

describe('each command that reads contents', () => {
  let home: TempDir;
  let etcd: EtcdServer;

  const run = async (...args: readonly string[]): Promise<EndedRun> =>
    await startInProcess([...args, '--log-format=text', '--log-level=warn']).ended;
  const key = (name: 'right' | 'wrong' | 'another'): string => `--identity=${home.join(`${name}.txt`)}`;
  const flags = (store: string): readonly string[] => [
    '--storage-provider=Local',
    '--store-container',
    home.join(store),
  ];
  const lay = (store: string, objects: readonly { readonly key: string; readonly bytes: Uint8Array }[]): void => {
    for (const object of objects) {
      const file = home.join(store, object.key);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, object.bytes);
    }
  };

  before(async () => {
    home = makeTempDir();
    etcd = await startEtcd({ release: await etcdRelease('3.5') });
    writeFileSync(home.join('right.txt'), ageKey.file, { mode: 0o600 });
    writeFileSync(home.join('wrong.txt'), otherAgeKey.file, { mode: 0o600 });
    writeFileSync(home.join('another.txt'), await generateX25519Identity(), { mode: 0o600 });
    lay('plain', goldenObjects(backup));
    lay('sealed', await encryptedGoldenStore(backup));
  });

  after(async () => {
    await etcd[Symbol.asyncDispose]();
    home[Symbol.dispose]();
  });

  /** What a command prints, without what differs by the place and names of the store. */
  const told = (text: string): string =>
    text
      .replaceAll(home.join('sealed'), home.join('plain'))
      .replaceAll('.gz.age', '.gz')
      .replace(/"sha256":"\w+"/, '');

  const cases: readonly {
    readonly name: string;
    /** `store` is `plain` or `sealed`, and `suffix` what names end with there. */
    args(store: string, suffix: string): readonly string[];
  }[] = [
    { name: 'ls', args: (store) => ['ls', '/registry/', ...flags(store)] },
    { name: 'ls of an older state', args: (store) => ['ls', '/registry/', '--revision=80', ...flags(store)] },
    {
      name: 'ls --file',
      args: (store, suffix) => ['ls', '/registry/', '--file', home.join(store, `v2/${full}${suffix}`)],
    },
    { name: 'get', args: (store) => ['get', '/end', '-o', 'json', ...flags(store)] },
    { name: 'get --all-revisions', args: (store) => ['get', '/end', '--all-revisions', ...flags(store)] },
    { name: 'history', args: (store) => ['history', '/end', ...flags(store)] },
    { name: 'diff', args: (store) => ['diff', '58', 'newest', ...flags(store)] },
    {
      name: 'diff with a file',
      args: (store, suffix) => ['diff', home.join(store, `v2/${full}${suffix}`), 'newest', ...flags(store)],
    },
    { name: 'export', args: (store) => ['export', '/registry/', ...flags(store)] },
    {
      name: 'export --file',
      args: (store, suffix) => ['export', '/registry/', '--file', home.join(store, `v2/${full}${suffix}`)],
    },
    {
      name: 'undelete',
      args: (store) => [
        'undelete',
        '/registry/',
        ...['--before-revision=123', '-e', etcd.clientUrl, '--other-cluster'],
        ...flags(store),
      ],
    },
    { name: 'restore', args: (store) => ['restore', '-d', home.join('data'), '-o', 'json', ...flags(store)] },
    { name: 'status', args: (store, suffix) => ['status', home.join(store, `v2/${full}${suffix}`)] },
  ];

  for (const { name, args } of cases) {
    it(`${name}: the same of what is encrypted, and a refusal without its key`, async () => {
      const results: EndedRun[] = [];
      for (const sealed of [false, true]) {
        rmSync(home.join('data'), { recursive: true, force: true });
        const words = sealed ? [...args('sealed', '.age'), key('right')] : args('plain', '');
        const ended = await run(...words);
        assert.equal(ended.exitCode, 0, `${words.join(' ')}\n${ended.stderr}`);
        results.push(ended);
      }
      const [plain, opened] = results.map(({ stdout }) => told(stdout));
      assert.notEqual(plain, '');
      if (name === 'restore') {
        const facts = results.map(({ stdout }) => (JSON.parse(stdout) as { readonly revision: number }).revision);
        assert.deepEqual(facts, [122, 122]);
      } else {
        assert.equal(opened, plain);
      }
      rmSync(home.join('data'), { recursive: true, force: true });
      const words = args('sealed', '.age');
      for (const [keys, found] of [
        [[], 'no identity was given'],
        [[key('wrong')], 'the identity that was given does not open it'],
        [[key('wrong'), key('another')], 'none of the 2 identities that were given opens it'],
      ] as const) {
        const { stdout, stderr, exitCode } = await run(...words, ...keys);
        assert.deepEqual([exitCode, stdout], [1, ''], stderr);
        const remedy = 'give the secret key of one of its recipients with --identity FILE';
        assert.match(stderr, new RegExp(`^error: cannot .*: it is encrypted, and ${found}; ${remedy}`, 'm'));
      }
      assert.ok(!existsSync(home.join('data')));
    });
  }

  it('copy checks what is encrypted with its key, and says what to do with another one', async () => {
    const copy = [
      'copy',
      '--source-storage-provider=Local',
      '--source-store-container',
      home.join('sealed'),
      ...flags('copied'),
    ];
    const opened =
      /error: cannot copy all backups to .*: 0 objects copied, then Full-.* failed: it is encrypted, and the identity that was given does not open it; give the secret key of one of its recipients with --identity FILE/;
    const unopened = /; without --identity it is copied as it is, unopened$/m;
    const checked = await run(...copy, key('wrong'));
    assert.equal(checked.exitCode, 1);
    assert.match(checked.stderr, opened);
    assert.match(checked.stderr, unopened);
    const changed = await run(...copy, key('wrong'), `--encrypt-to=${otherAgeKey.recipient}`);
    assert.equal(changed.exitCode, 1);
    assert.match(changed.stderr, opened);
    assert.doesNotMatch(changed.stderr, unopened);
    assert.ok(!existsSync(home.join('copied/v2')) || readdirSync(home.join('copied/v2')).length === 0);
    assert.equal((await run(...copy, key('right'))).exitCode, 0);
    assert.equal(readdirSync(home.join('copied/v2')).length, 4);
  });

  it('prune needs no key, and takes one', async () => {
    const old = 'Full-00000000-00000010-1795200000.gz.age';
    const limits = ['--garbage-collection-policy=LimitBased', '--max-backups=1'];
    const bytes = readFileSync(home.join('sealed/v2', `${full}.age`));
    for (const keys of [[], [key('right')]]) {
      rmSync(home.join('pruned'), { recursive: true, force: true });
      lay('pruned', [...(await encryptedGoldenStore(backup)), { key: `v2/${old}`, bytes }]);
      const wrong = await run('prune', '--yes', ...limits, ...flags('pruned'), key('wrong'));
      assert.equal(wrong.exitCode, 1);
      assert.match(wrong.stderr, /cannot read Full-00000000-00000058-.*does not open it; .*; nothing was deleted/);
      assert.equal(readdirSync(home.join('pruned/v2')).length, 5);
      const { stdout, stderr, exitCode } = await run('prune', '--yes', ...limits, ...flags('pruned'), ...keys);
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, /deleted 1 of 5 objects/);
      assert.ok(!readdirSync(home.join('pruned/v2')).includes(old));
    }
  });
});
