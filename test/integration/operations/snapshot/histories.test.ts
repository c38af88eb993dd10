// Takes long: periods of real time, for each way in which a history ends.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { EtcdGateway } from '../../../../scripts/lab/etcd-gateway.ts';
import { etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { freePort } from '../../../../scripts/lab/free-port.ts';
import { makeRig, type Rig, type Running } from '../../../cli/rig.ts';

/** A cluster that is always started with the same flags, whatever its data directory, and what backs it up. */
interface Lab extends AsyncDisposable {
  readonly rig: Rig;
  /** Starts etcd on a directory, at its own client address or elsewhere, where the snapshotter does not see it. */
  etcd(directory: string, at?: 'its address' | 'elsewhere'): Promise<EtcdServer>;
  snapshotter(): Promise<Running>;
  restore(directory: string, ...flags: string[]): Promise<void>;
  /** Runs a command on the store. */
  run(...words: string[]): Promise<string>;
  /** Names in the store. */
  objects(): readonly string[];
}

async function makeLab(): Promise<Lab> {
  await using stack = new AsyncDisposableStack();
  const rig = stack.use(makeRig());
  const release = await etcdRelease('3.5');
  const ports = { client: await freePort(), peer: await freePort(), elsewhere: await freePort() };
  const place = ['--storage-provider', 'Local', '--store-container', rig.home.join('store')];
  const peer = `http://127.0.0.1:${ports.peer}`;
  const member = ['--name', 'default', '--initial-cluster', `default=${peer}`, '--initial-advertise-peer-urls', peer];
  const run = async (...words: string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await rig.run([...words, ...place]);
    assert.equal(exitCode, 0, `${words.join(' ')}\n${stdout}\n${stderr}`);
    return stdout;
  };
  const kept = stack.move();
  return {
    rig,
    etcd: (directory, at = 'its address') =>
      startEtcd({
        release,
        dataDir: rig.home.join(directory),
        clientPort: at === 'elsewhere' ? ports.elsewhere : ports.client,
        peerPort: ports.peer,
      }),
    snapshotter: async () => {
      const flags = ['--delta-snapshot-period', '1s', '--garbage-collection-period', '2s'];
      const etcd = ['--endpoints', `http://127.0.0.1:${ports.client}`, '--etcd-connection-timeout', '3s'];
      const running = rig.start(['snapshot', ...flags, ...etcd, ...place]);
      await running.saw(/Applied watch on etcd/);
      return running;
    },
    restore: async (directory, ...flags) => {
      await run('restore', '--data-dir', rig.home.join(directory), ...member, ...flags);
    },
    run,
    objects: () => (existsSync(rig.home.join('store/v2')) ? readdirSync(rig.home.join('store/v2')) : []),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function put(etcd: EtcdServer, prefix: string, count: number): Promise<number> {
  const gateway = new EtcdGateway(etcd.clientUrl);
  let last = 0;
  for (let number = 1; number <= count; number++) {
    last = await gateway.write([{ put: `${prefix}${number}`, value: Buffer.from(prefix) }]);
  }
  return last;
}

/** Resolves when a snapshot that ends at `revision` is in the store. */
async function covered(lab: Lab, revision: number, by: RegExp): Promise<void> {
  const end = String(revision).padStart(8, '0');
  await eventually(() => lab.objects().find((name) => by.test(name) && name.split('-')[2] === end), {
    timeoutMs: 30_000,
    describe: () => `nothing ends at ${end}: ${lab.objects().join(', ')}`,
  });
}

async function stop(running: Running): Promise<string> {
  running.kill('SIGTERM');
  const { exitCode, stderr } = await running.finished;
  assert.equal(exitCode, 0, stderr);
  return stderr;
}

async function keysOf(etcd: EtcdServer): Promise<object> {
  return await new EtcdGateway(etcd.clientUrl).state();
}

/** How a history ends: what serves clients after it, and at which revision a restore gives its last state back. */
interface Change {
  readonly what: string;
  /** Leaves a directory `next` for the cluster that follows. */
  readonly prepare: (lab: Lab) => Promise<void>;
  /** Writes that the new history makes before it is seen. */
  readonly ahead: number;
  /** The revision of a write that is the same in both, the last one that the backup holds: what a job makes that always does the same. */
  readonly repeats?: number;
  /** Whether it is compacted to its end before it is seen. Only with `HISTORIES`: a unit test has all its cases. */
  readonly compacts?: boolean;
}

const changes: readonly Change[] = [
  { what: 'is restored to an older state', ahead: 0, prepare: (lab) => lab.restore('next', '--to-revision', '6') },
  {
    what: 'is restored to an older state and has overtaken the old one',
    ahead: 20,
    prepare: (lab) => lab.restore('next', '--to-revision', '6'),
  },
  {
    what: 'is restored to an older state with raised revisions',
    ahead: 0,
    prepare: (lab) => lab.restore('next', '--to-revision', '6', '--bump-revision', '1000000', '--mark-compacted'),
  },
  {
    what: 'is restored to an older state, has overtaken the old one and is compacted beyond it',
    ahead: 20,
    compacts: true,
    prepare: (lab) => lab.restore('next', '--to-revision', '6'),
  },
  { what: 'is replaced by a new one with the same flags', ahead: 0, prepare: async () => {} },
  { what: 'is replaced by a new one that has overtaken it', ahead: 20, prepare: async () => {} },
  {
    what: 'is replaced by a new one that has overtaken it, with the same event where the backup ends',
    ahead: 20,
    repeats: 12,
    prepare: async () => {},
  },
];

const moments = ['while the snapshotter runs', 'before the snapshotter is started again'] as const;

/** With `HISTORIES` (`make test-histories`) each way is seen at both moments; else at one, so that a way and a lead meet both. */
const isWhole = process.env['HISTORIES'] !== undefined;

function isTried({ compacts = false }: Change): boolean {
  return isWhole || !compacts;
}

// Mostly they wait for periods, so two wait together.
describe('a cluster', { concurrency: 2 }, () => {
  for (const [at, { what, prepare, ahead, compacts = false, repeats }] of changes.filter(isTried).entries()) {
    for (const seen of moments.filter((_, moment) => isWhole || moment === at % 2)) {
      test(`that ${what}, ${seen}: a new history begins, which can be restored, and nothing of it is deleted`, async () => {
        await using lab = await makeLab();
        let snapshotter: Running;
        let before: object;
        {
          await using old = await lab.etcd('data');
          snapshotter = await lab.snapshotter();
          await put(old, 'good', 5);
          const bad = await put(old, 'bad', 5);
          await covered(lab, repeats === undefined ? bad : await put(old, 'job', 1), /^Incr/);
          before = await keysOf(old);
          if (seen !== 'while the snapshotter runs') {
            await stop(snapshotter);
          }
        }
        await prepare(lab);
        if (ahead > 0) {
          await using elsewhere = await lab.etcd('next', 'elsewhere');
          if (repeats !== undefined) {
            await put(elsewhere, 'new', repeats - 2);
            assert.equal(await put(elsewhere, 'job', 1), repeats);
          }
          const last = await put(elsewhere, 'ahead', ahead);
          if (compacts) {
            await new EtcdGateway(elsewhere.clientUrl).compact(last);
          }
        }
        let live: object;
        {
          await using etcd = await lab.etcd('next');
          if (seen !== 'while the snapshotter runs') {
            snapshotter = await lab.snapshotter();
          }
          await snapshotter.saw(/A NEW HISTORY BEGINS with Full-/);
          await snapshotter.saw(/THE CLUSTER HAS ANOTHER HISTORY/);
          for (let round = 0; round < 3; round++) {
            await covered(lab, await put(etcd, `new${round}-`, 3), /^Incr/);
          }
          // Garbage is collected every two seconds.
          await new Promise((resolve) => setTimeout(resolve, 4_500));
          const last = await put(etcd, 'last', 1);
          await covered(lab, last, /^Incr/);
          live = await keysOf(etcd);
          const log = await stop(snapshotter);
          assert.equal(log.match(/A NEW HISTORY BEGINS/g)?.length, 1);
        }
        assert.equal(lab.objects().filter((name) => name.startsWith('History-')).length, 1, lab.objects().join('\n'));
        await lab.restore('restored');
        {
          await using restored = await lab.etcd('restored');
          assert.deepEqual(await keysOf(restored), live);
        }
        await lab.run('verify', '--level', 'restore');
        assert.match(await lab.run('list'), /histor/i);
        // What was left can still be had: the last state before the change.
        await lab.restore('left', '--history', '1');
        await using left = await lab.etcd('left', 'elsewhere');
        assert.deepEqual(await keysOf(left), before);
      });
    }
  }
});

test('a cluster that is put back to what only a newer full still holds shares the revisions up to there', async () => {
  await using lab = await makeLab();
  {
    await using old = await lab.etcd('data');
    await put(old, 'good', 5);
    await put(old, 'bad', 5);
    await lab.run('snapshot', '--once', '--endpoints', old.clientUrl);
  }
  await lab.restore('next', '--to-revision', '6');
  await using etcd = await lab.etcd('next');
  await put(etcd, 'new', 2);
  const snapshotter = await lab.snapshotter();
  await snapshotter.saw(/A NEW HISTORY BEGINS with Full-/);
  await stop(snapshotter);
  const markers = lab.objects().filter((name) => name.startsWith('History-'));
  assert.deepEqual(
    markers.map((name) => name.split('-')[2]),
    ['00000006.json'],
  );
  assert.match(await lab.run('list'), /History 1: left .* at revision 6; 1 snapshot up to revision 11/);
});

test('what a compaction leaves in doubt stays when the snapshotter is started again, and prune knows why', async () => {
  await using lab = await makeLab();
  const write = async (etcd: EtcdServer, count: number): Promise<number> => {
    const gateway = new EtcdGateway(etcd.clientUrl);
    let last = 0;
    for (let number = 1; number <= count; number++) {
      last = await gateway.write([{ put: 'busy', value: Buffer.from(String(number)) }]);
    }
    return last;
  };
  {
    await using old = await lab.etcd('data');
    const snapshotter = await lab.snapshotter();
    await covered(lab, await write(old, 10), /^Incr/);
    await stop(snapshotter);
  }
  const before = lab.objects();
  await lab.restore('next', '--to-revision', '6');
  let live: object;
  {
    await using etcd = await lab.etcd('next');
    const last = await write(etcd, 20);
    await new EtcdGateway(etcd.clientUrl).compact(last);
    const first = await lab.snapshotter();
    await first.saw(/Nothing proves that the cluster continues/);
    await covered(lab, last, /^Full/);
    await stop(first);
    const second = await lab.snapshotter();
    await covered(lab, await write(etcd, 1), /^(Full|Incr)/);
    // Garbage is collected every two seconds.
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    await stop(second);
    live = await keysOf(etcd);
  }
  const missing = before.filter((name) => !lab.objects().includes(name));
  assert.deepEqual(missing, [], lab.objects().join('\n'));
  assert.match(await lab.run('prune'), /may belong to a history that was left/);
  // What was written last is what a restore gives.
  await lab.restore('restored');
  await using restored = await lab.etcd('restored', 'elsewhere');
  assert.deepEqual(await keysOf(restored), live);
});
