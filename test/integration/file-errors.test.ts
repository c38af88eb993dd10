// Takes long: each command many times, some of which try again for seconds.
import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { EtcdGateway } from '../../scripts/lab/etcd-gateway.ts';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import { type EndedRun, startInProcess } from '../support/cli/run-in-process.ts';
import { assertOwnWords, type FileFault, faultsOfCall, withFileFault } from '../support/files/file-faults.ts';
import { triedCalls } from '../support/files/tried-calls.ts';
import { directoryContents } from '../support/fixtures/directory-contents.ts';
import { goldenStorePath } from '../support/fixtures/golden-store.ts';

const BACKUP = 'etcd-3.5/gzip';
const FULL = 'v2/Full-00000000-00000058-1795251532.gz';

let etcd: EtcdServer;
before(async () => {
  etcd = await startEtcd({ release: await etcdRelease('3.5') });
  await etcd.etcdctl('put', 'a', '1');
});
after(async () => {
  await etcd[Symbol.asyncDispose]();
});

/** A command whose calls to the file system fail one after the other. */
interface Subject {
  args(dir: TempDir): readonly string[];
  /** What the store may hold after it, by the trees before it, after a run without a fault, and now. */
  readonly leaves: 'store as before' | 'a new object or none' | 'objects of the full run';
  /** Runs it; by default the command line to its end. */
  run?(args: readonly string[]): Promise<EndedRun>;
}

const local = (dir: TempDir, role = ''): readonly string[] => [
  `--${role}storage-provider=Local`,
  `--${role}store-container=${dir.join('store')}`,
  `--${role}store-prefix=etcd-main`,
];
const scratch = (dir: TempDir): string => `--temp-dir=${dir.join('temp')}`;

const subjects: Readonly<Record<string, Subject>> = {
  'snapshot --once': {
    args: (dir) => ['snapshot', '--once', '-e', etcd.clientUrl, ...ownStore(dir)],
    leaves: 'a new object or none',
  },
  'snapshot --once, uncompressed': {
    args: (dir) => ['snapshot', '--once', '-e', etcd.clientUrl, ...ownStore(dir), '--compress-snapshots=false'],
    leaves: 'a new object or none',
  },
  copy: {
    args: (dir) => [
      'copy',
      ...local(dir, 'source-'),
      '--storage-provider=Local',
      `--store-container=${dir.join('new')}`,
    ],
    leaves: 'objects of the full run',
  },
  'verify --level=hash': {
    args: (dir) => ['verify', '--level=hash', scratch(dir), ...local(dir)],
    leaves: 'store as before',
  },
  'verify --level=restore': {
    args: (dir) => ['verify', '--level=restore', scratch(dir), ...local(dir)],
    leaves: 'store as before',
  },
  'status of a full': { args: (dir) => ['status', dir.join('store/etcd-main', FULL)], leaves: 'store as before' },
  list: { args: (dir) => ['list', ...local(dir)], leaves: 'store as before' },
  'prune --yes': {
    args: (dir) => [
      ...['prune', '--yes', '--garbage-collection-policy=LimitBased', '--max-backups=1', ...local(dir)],
      `--snapstore-temp-directory=${dir.join('temp')}`,
    ],
    leaves: 'store as before',
  },
  compact: {
    args: (dir) => ['compact', `--restoration-temp-snapshots-dir=${dir.join('temp')}`, ...local(dir)],
    leaves: 'a new object or none',
  },
};

function ownStore(dir: TempDir): readonly string[] {
  return [
    '--storage-provider=Local',
    `--store-container=${dir.join('new')}`,
    `--snapstore-temp-directory=${dir.join('temp')}`,
  ];
}

const objectsOf = (dir: TempDir): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['store', 'new']
      .filter((name) => readdirSync(dir.path).includes(name))
      .flatMap((name) =>
        Object.entries(directoryContents(dir.join(name))).map(([path, facts]) => [`${name}/${path}`, facts]),
      ),
  );

/** Times, and the sizes of what etcd writes at times of its own, differ from run to run. */
const withoutTimes = (text: string): string =>
  text.replace(/\d{9,}|(Took|Stored size|Total size|Created).*|\d+\.\d+ s/g, '');

async function attempt(subject: Subject, at: number | 'every' | undefined, fault: FileFault) {
  using dir = makeTempDir();
  cpSync(goldenStorePath(BACKUP), dir.join('store'), { recursive: true });
  const args = [...subject.args(dir), '--log-format=text'];
  const before = objectsOf(dir);
  let ended: EndedRun | undefined;
  const calls = await withFileFault({ at, fault }, async () => {
    const environment = { HOME: dir.path };
    ended = await (subject.run?.(args) ?? startInProcess(args, environment).ended);
  });
  assert.ok(ended !== undefined);
  const after = objectsOf(dir);
  const whole = new Set<string>();
  for (const path of Object.keys(after).filter((each) => before[each] === undefined && /\/Full-[^/]*$/.test(each))) {
    if ((await startInProcess(['status', dir.join(path)], { HOME: dir.path }).ended).exitCode === 0) {
      whole.add(path);
    }
  }
  const own = (text: string): string => withoutTimes(text.replaceAll(dir.path, 'DIR'));
  return {
    calls,
    ...ended,
    stdout: own(ended.stdout),
    before,
    after,
    whole,
    temporary: readdirSync(dir.path).includes('temp') ? readdirSync(dir.join('temp')) : [],
  };
}

/** Objects by name without their second, so that those of two runs can be compared. */
const named = (objects: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(objects)
    .filter((name) => /-\d{10}[^/]*$/.test(name))
    .map((name) => name.replace(/-\d{10}/, ''))
    .toSorted();

describe('a fault of the file system, at any call, loses nothing and is told in our words', () => {
  for (const [name, subject] of Object.entries(subjects)) {
    it(name, async (t) => {
      await attempt(subject, undefined, 'EIO');
      const good = await attempt(subject, undefined, 'EIO');
      assert.equal(good.exitCode, 0, good.stderr);
      const count = good.calls.length;
      assert.ok(count > 3, `${count} calls`);
      const slow = await attempt(subject, 'every', 'half');
      assert.equal(slow.exitCode, 0, `half of the bytes at a time: ${slow.stderr}`);
      assert.equal(slow.stdout, good.stdout);
      assert.deepEqual(named(slow.after), named(good.after));
      let told = 0;
      for (const at of triedCalls(count, 20)) {
        for (const fault of faultsOfCall(at)) {
          const ended = await attempt(subject, at, fault);
          const call = ended.calls[at - 1];
          if (fault === 'ENOENT' && call?.name === 'readdir') {
            // A store that is not there is an empty one.
            continue;
          }
          const what = `call ${at}, ${fault}: ${call?.name} ${call?.path ?? ''}\n${ended.stdout}${ended.stderr}`;
          assertOwnWords(ended.stderr, what);
          assertOwnWords(ended.stdout, what);
          // What was there is there, byte for byte.
          for (const [path, facts] of Object.entries(ended.before)) {
            assert.equal(ended.after[path], facts, what);
          }
          const added = named(ended.after).filter((path) => !named(ended.before).includes(path));
          for (const path of added) {
            assert.ok(named(good.after).includes(path), `${path} is new: ${what}`);
          }
          if (ended.exitCode === 0) {
            assert.deepEqual(named(ended.after), named(good.after), what);
            assert.equal(ended.stdout, good.stdout, what);
          } else {
            assert.equal(ended.exitCode, 1, what);
            assert.match(ended.stderr.trimEnd().split('\n').at(-1) ?? '', /^error: cannot [a-z]/, what);
            assert.notEqual(fault, 'half', what);
            told += 1;
          }
          for (const path of Object.keys(ended.after).filter((each) => /\/Full-[^/]*$/.test(each))) {
            if (ended.before[path] === undefined) {
              assert.ok(ended.whole.has(path), `${path} is not whole: ${what}`);
            }
          }
          if (subject.leaves === 'objects of the full run') {
            for (const [path, facts] of Object.entries(ended.after)) {
              assert.ok(facts === good.after[path] || !/-\d{10}[^/]*$/.test(path), `${path} is not whole: ${what}`);
            }
          }
          // What cannot be removed, or looked into to remove it, is left for the next run.
          const removes =
            /^(rm|rmdir|unlink|readdir|\.stat)$/.test(call?.name ?? '') ||
            (call?.name === 'open' && /(\/temp\/[^/]+\.tmp|^\/proc\/self\/fd\/\d+\/[^/]+)$/.test(call.path ?? ''));
          assert.ok(ended.temporary.length === 0 || removes, what);
        }
      }
      t.diagnostic(`${told} of ${count} calls end ${name}`);
      assert.ok(told > 0);
    });
  }
});

describe('a fault of the file system, at any call of a snapshotter that runs', () => {
  /** A full, a write and a stop, with a fault in one call. */
  async function live(at: number | undefined, fault: FileFault) {
    using dir = makeTempDir();
    let ended: EndedRun | undefined;
    let written = 0;
    const calls = await withFileFault({ at, fault }, async () => {
      const periods = ['--delta-snapshot-period=1h', '--garbage-collection-period=1h'];
      const running = startInProcess(
        ['snapshot', '-e', etcd.clientUrl, ...ownStore(dir), ...periods, '--log-format=text'],
        { HOME: dir.path },
      );
      void running.ended.then((end) => {
        ended = end;
      });
      await eventually(
        () => (ended !== undefined || /Applied watch on etcd/.test(running.stderr()) ? true : undefined),
        {
          describe: running.stderr,
        },
      );
      written = await new EtcdGateway(etcd.clientUrl).write([{ put: 'live', value: `${at}` }]);
      running.signal('SIGTERM');
      ended = await running.ended;
    });
    const names = Object.keys(objectsOf(dir));
    const reached = Math.max(0, ...names.map((name) => Number(/\/(?:Full|Incr)-\d+-(\d+)-/.exec(name)?.[1] ?? 0)));
    assert.ok(ended !== undefined);
    return { ...ended, calls, written, reached };
  }

  it('is told, or made up for, and nothing is lost behind a 0', async (t) => {
    // Modules are loaded once.
    await live(undefined, 'EIO');
    const good = await live(undefined, 'EIO');
    assert.equal(good.exitCode, 0, good.stderr);
    assert.equal(good.reached, good.written);
    const count = good.calls.length;
    let told = 0;
    for (const at of triedCalls(count, 15)) {
      for (const fault of faultsOfCall(at)) {
        const ended = await live(at, fault);
        const call = ended.calls[at - 1];
        const what = `call ${at}, ${fault}: ${call?.name} ${call?.path ?? ''}\n${ended.stderr}`;
        assertOwnWords(ended.stderr, what);
        if (ended.exitCode === 0) {
          assert.ok(ended.reached >= ended.written, what);
        } else {
          assert.match(ended.stderr.trimEnd().split('\n').at(-1) ?? '', /^error: cannot [a-z]/, what);
          told += 1;
        }
      }
    }
    t.diagnostic(`${told} of ${count} calls end the run`);
  });
});
