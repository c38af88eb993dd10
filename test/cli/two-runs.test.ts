// Takes long: pairs of processes, one after the other.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { env } from 'node:process';
import { test } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { freePort } from '../../scripts/lab/free-port.ts';
import { readStatus } from '../../src/operations/status/status.ts';
import { recordedContext } from '../support/context/run-context.ts';
import { goldenObjects } from '../support/fixtures/golden-store.ts';
import { startS3Server } from '../support/servers/s3-server.ts';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { type Finished, makeRig, type Rig, type Running } from './rig.ts';
import { s3Place } from './s3-place.ts';

/** Pairs of runs, over all cases; `RUN_PAIRS=200` for a long test. */
const pairs = Number(env['RUN_PAIRS'] ?? 10);

/** After how many pairs a real etcd starts on the result. */
const etcdEach = 5;

const CASES = [
  { commands: ['restore', 'restore'], place: 'absent' },
  { commands: ['initialize', 'initialize'], place: 'absent' },
  { commands: ['restore', 'initialize'], place: 'absent' },
  { commands: ['restore', 'restore'], place: 'empty' },
  { commands: ['initialize', 'initialize'], place: 'empty' },
] as const;

/** What the second run may say: that the first is at work, or (restore) that it has finished. */
function isRefusal({ exitCode, stderr }: Finished): boolean {
  return exitCode === 1 && /another run \(pid \d+\) is restoring or checking it|already contains member/.test(stderr);
}

async function startPair(rig: Rig, round: number, peerUrl: string): Promise<readonly Finished[]> {
  const { commands } = CASES[round % CASES.length] ?? CASES[0];
  const member = ['--initial-cluster', `default=${peerUrl}`, '--initial-advertise-peer-urls', peerUrl];
  const store = ['--storage-provider', 'Local', '--store-container', 'store', '--store-prefix', 'etcd-main'];
  return await Promise.all(
    commands.map((command, which) =>
      rig.run([command, ...store, ...member, '-d', 'data', '--restoration-temp-snapshots-dir', `temp-${which}`]),
    ),
  );
}

test(`of two runs at once one succeeds, the other is refused or finds it done, and etcd starts: ${pairs} pairs`, async () => {
  for (let round = 0; round < pairs; round++) {
    await using rig = makeRig();
    goldenStoreFlags(rig, 'etcd-3.5/gzip');
    if (CASES[round % CASES.length]?.place === 'empty') {
      mkdirSync(rig.home.join('data'));
    }
    const peerPort = await freePort();
    const finished = await startPair(rig, round, `http://127.0.0.1:${peerPort}`);
    const seen = finished.map(({ exitCode, stderr }) => `exit ${exitCode}\n${stderr}`).join('\n');
    const succeeded = finished.filter(({ exitCode }) => exitCode === 0);
    assert.ok(succeeded.length >= 1, seen);
    // Only initialize finds a directory that the other run has just finished, and keeps it.
    const late = succeeded.filter(({ stdout }) => /^Action: +kept$/m.test(stdout));
    assert.equal(succeeded.length - late.length, 1, seen);
    assert.equal(finished.filter(isRefusal).length, finished.length - succeeded.length, seen);
    assert.deepEqual(readdirSync(rig.home.path).toSorted(), ['data', 'store']);
    assert.deepEqual(readdirSync(rig.home.join('data')), ['member']);
    const found = await readStatus({ path: rig.home.join('data'), tempDir: rig.home.join('temp') }, recordedContext());
    assert.equal(found.lastRevision, 122);
    if (round % etcdEach === 0) {
      const release = await etcdRelease('3.5');
      await using etcd = await startEtcd({ release, dataDir: rig.home.join('data'), peerPort });
      assert.match(await etcd.etcdctl('endpoint', 'status', '-w', 'json'), /"revision":122\b/);
    }
  }
});

/** A run that waits for a body of its store, and is stopped there, so that it stays in the middle of its work. */
const POINTS = [
  { what: 'the full', count: 1 },
  { what: 'a delta', count: 2 },
] as const;

for (const command of ['restore', 'initialize'] as const) {
  for (const { what, count: held } of POINTS) {
    test(`${command} that waits for ${what} has the directory to itself; when it is killed, the next run finishes`, async () => {
      await using rig = makeRig();
      await using server = await startS3Server();
      for (const { key, bytes } of goldenObjects('etcd-3.5/gzip')) {
        server.objects.set(key, { size: bytes.length, bytes, modifiedAt: Date.now() });
      }
      const peerPort = await freePort();
      const member = ['--initial-cluster', `default=http://127.0.0.1:${peerPort}`];
      const { flags, env } = s3Place(rig, server.endpoint, 'store');
      const args = [
        command,
        ...flags,
        ...member,
        '--initial-advertise-peer-urls',
        `http://127.0.0.1:${peerPort}`,
        '-d',
        'data',
      ];
      /** Starts a run and stops it (SIGSTOP) when it has asked for the object. */
      const startHeld = async (): Promise<Running> => {
        const before = server.calls.get('GetObject') ?? 0;
        server.fault(({ operation, count }) =>
          operation === 'GetObject' && count - before === held ? { kind: 'delay', ms: 5_000 } : undefined,
        );
        const running = rig.start(args, { env });
        await eventually(() => ((server.calls.get('GetObject') ?? 0) - before >= held ? true : undefined));
        running.kill('SIGSTOP');
        server.fault(() => undefined);
        return running;
      };
      const first = await startHeld();
      for (const second of ['restore', 'initialize']) {
        const { exitCode, stderr } = await rig.run([second, ...args.slice(1)], { env });
        assert.equal(exitCode, 1, stderr);
        assert.match(stderr, new RegExp(`another run \\(pid ${first.pid}\\) is restoring or checking it; wait`));
      }
      first.kill('SIGKILL');
      await first.finished;
      const again = await startHeld();
      again.kill('SIGCONT');
      const { exitCode, stderr } = await again.finished;
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(readdirSync(rig.home.join('data')), ['member']);
      assert.deepEqual(
        readdirSync(rig.home.path).filter((name) => name.includes('etcdbrctl-')),
        [],
      );
      await using etcd = await startEtcd({
        release: await etcdRelease('3.5'),
        dataDir: rig.home.join('data'),
        peerPort,
      });
      assert.match(await etcd.etcdctl('endpoint', 'status', '-w', 'json'), /"revision":122\b/);
    });
  }
}
