// Takes long: each command many times, in a process of its own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { compileCache } from '../../scripts/lab/compile-cache.ts';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../scripts/lab/etcd-server.ts';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import { startInProcess } from '../support/cli/run-in-process.ts';
import { storedKeys } from '../support/datadir/stored-keys.ts';
import { triedCalls } from '../support/files/tried-calls.ts';
import { directoryContents } from '../support/fixtures/directory-contents.ts';
import { goldenStorePath } from '../support/fixtures/golden-store.ts';

const MEMBER = [
  '--name=a',
  '--initial-cluster=a=http://127.0.0.1:2380',
  '--initial-advertise-peer-urls=http://127.0.0.1:2380',
];
/** What stands in the data directory that cannot be used. */
const UNUSABLE = 'no database';

let etcd: EtcdServer;
before(async () => {
  etcd = await startEtcd({ release: await etcdRelease('3.5') });
  await etcd.etcdctl('put', 'a', '1');
});
after(async () => {
  await etcd[Symbol.asyncDispose]();
});

/** A command that is killed at one of its calls. */
interface Subject {
  args(dir: TempDir): readonly string[];
  /** Makes what it works on, besides the golden backup in `store`. */
  prepare?(dir: TempDir): void | Promise<void>;
  /** What it makes, which is there as a whole or not at all: then a second run has nothing to do, and may say so. */
  readonly result?: string;
  /** What it may take away. */
  readonly removes?: RegExp;
}

const local = (dir: TempDir, name = 'store', role = ''): readonly string[] => [
  `--${role}storage-provider=Local`,
  `--${role}store-container=${dir.join(name)}`,
  `--${role}store-prefix=etcd-main`,
];

const subjects: Readonly<Record<string, Subject>> = {
  restore: { args: (dir) => ['restore', ...local(dir), '-d', dir.join('new/data'), ...MEMBER], result: 'new/data' },
  'restore with a WAL of its own': {
    args: (dir) => ['restore', ...local(dir), '-d', dir.join('data'), '--wal-dir', dir.join('wal'), ...MEMBER],
    result: 'data',
  },
  initialize: {
    prepare: (dir) => {
      mkdirSync(dir.join('data/member/snap'), { recursive: true });
      writeFileSync(dir.join('data/member/snap/db'), UNUSABLE);
      writeFileSync(dir.join('data/of-others'), 'kept');
    },
    args: (dir) => ['initialize', ...local(dir), '-d', dir.join('data'), ...MEMBER],
  },
  compact: { args: (dir) => ['compact', `--restoration-temp-snapshots-dir=${dir.join('temp')}`, ...local(dir)] },
  copy: { args: (dir) => ['copy', ...local(dir, 'store', 'source-'), ...local(dir, 'new')] },
  'snapshot --once': {
    args: (dir) => [
      ...['snapshot', '--once', '-e', etcd.clientUrl, ...local(dir, 'new')],
      `--snapstore-temp-directory=${dir.join('temp')}`,
    ],
  },
  'prune --yes': {
    // Two fulls of all, of which the older one goes, with the full and the deltas before it.
    prepare: async (dir) => {
      const compact = ['compact', `--restoration-temp-snapshots-dir=${dir.join('tmp')}`, ...local(dir)];
      assert.equal((await startInProcess(compact, { HOME: dir.path }).ended).exitCode, 0);
      const folder = dir.join('store/etcd-main/v2');
      const made = readdirSync(folder).find((name) => name.startsWith('Full-00000000-00000122'));
      cpSync(`${folder}/${made}`, `${folder}/Full-00000000-00000122-1795251550.gz`);
    },
    args: (dir) => ['prune', '--yes', '--garbage-collection-policy=LimitBased', '--max-backups=1', ...local(dir)],
    removes: /^store\/etcd-main\/v2\//,
  },
  'export --to': {
    args: (dir) => ['export', ...local(dir), '--to', dir.join('keys.jsonl'), '/'],
    result: 'keys.jsonl',
  },
  'export --to-dir': {
    args: (dir) => ['export', ...local(dir), '--to-dir', dir.join('keys'), '/bulk/'],
    result: 'keys',
  },
};

/** Runs it in a process that is killed before its change number `at` to the file system, from 1; with 0 it ends by itself. */
function runKilled(args: readonly string[], dir: TempDir, at: number) {
  const program = `${projectRoot}test/support/files/killed-run.ts`;
  const env = { ...process.env, ...compileCache, HOME: dir.path, TMPDIR: dir.join('tmp') };
  const options = { encoding: 'utf8', env, timeout: 120_000 } as const;
  return spawnSync(process.execPath, ['--disable-warning=DEP0169', program, String(at), ...args], options);
}

async function prepared(subject: Subject): Promise<TempDir> {
  const dir = makeTempDir();
  mkdirSync(dir.join('tmp'));
  cpSync(goldenStorePath('etcd-3.5/gzip'), dir.join('store'), { recursive: true });
  await subject.prepare?.(dir);
  return dir;
}

/**
 * Names without what differs from run to run, and without what may stay: unfinished objects of Local for a day, as another process may be
 * writing them, and a directory for temporary files, which the next run did not make.
 */
const named = (dir: TempDir): readonly string[] =>
  Object.keys(directoryContents(dir.path))
    .filter((name) => name !== 'temp' && !name.startsWith('tmp/') && !name.endsWith('.partial'))
    .map((name) => name.replace(/invalid-\d+T\d+Z/, 'invalid').replace(/(Full-\d+-\d+)-(?!17952515)\d{10}/, '$1'))
    .toSorted();

const keysOf = (dir: TempDir) => {
  const file = ['new/data', 'data'].map((each) => dir.join(`${each}/member/snap/db`)).find((each) => existsSync(each));
  return file === undefined || readFileSync(file, 'utf8') === UNUSABLE ? undefined : storedKeys(file);
};

describe('a kill before any change to the file system leaves the old or the new, and the next run makes it whole', () => {
  for (const [name, subject] of Object.entries(subjects)) {
    it(name, async () => {
      using good = await prepared(subject);
      const start = named(good);
      const whole = runKilled(subject.args(good), good, 0);
      assert.equal(whole.status, 0, whole.stderr);
      const goodNames = named(good);
      assert.equal(
        start.every((each) => goodNames.includes(each)),
        subject.removes === undefined,
      );
      const goodKeys = await keysOf(good);
      const goodContents = directoryContents(good.path);
      const count = Number(whole.stdout);
      assert.ok(count > 3, `${count} calls`);
      for (const at of triedCalls(count, 4)) {
        using dir = await prepared(subject);
        const found = directoryContents(dir.path);
        const killed = runKilled(subject.args(dir), dir, at);
        const what = `${name}, killed before change ${at} of ${count}\n${killed.stderr}`;
        assert.equal(killed.signal, 'SIGKILL', what);
        const left = directoryContents(dir.path);
        // What was there is there, perhaps under the name of something that was replaced.
        for (const [path, facts] of Object.entries(found)) {
          const kept = path.startsWith('data/member/') ? Object.values(left).includes(facts) : left[path] === facts;
          assert.ok(kept || subject.removes?.test(path) === true, `${path} is gone: ${what}`);
        }
        // What is there under its name is whole.
        for (const path of Object.keys(left).filter((each) => /\/(Full|Incr)-[^/]*$/.test(each))) {
          if (found[path] === undefined && path.includes('/Full-')) {
            const { exitCode, stderr } = await startInProcess(['status', dir.join(path)], { HOME: dir.path }).ended;
            assert.equal(exitCode, 0, `${path}: ${stderr}${what}`);
          } else {
            assert.equal(left[path], goodContents[path] ?? found[path], `${path}: ${what}`);
          }
        }
        const done = subject.result !== undefined && Object.keys(left).some((each) => each === subject.result);
        if (!done) {
          const next = await startInProcess(subject.args(dir), { HOME: dir.path }).ended;
          assert.equal(next.exitCode, 0, `${next.stderr}after ${what}`);
          assert.deepEqual(named(dir), goodNames, `after ${what}`);
        }
        assert.deepEqual(await keysOf(dir), goodKeys, what);
        if (subject.result !== undefined) {
          const below = (names: readonly string[]) => names.filter((each) => each.startsWith(`${subject.result}`));
          assert.deepEqual(below(named(dir)), below(goodNames), what);
        }
      }
    });
  }
});
