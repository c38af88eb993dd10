import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { putMany } from '../support/etcd/put-many.ts';
import { playAnswers, xmlRefusal } from '../support/servers/answer-script.ts';
import { startS3Server } from '../support/servers/s3-server.ts';
import { makeRig, type Rig } from './rig.ts';
import { s3Place } from './s3-place.ts';

const started = { release: await etcdRelease('3.5') };

function storeFlags(rig: Rig): readonly string[] {
  return ['--storage-provider=Local', '--store-container', rig.home.join('store'), '--log-format=text'];
}

function stored(rig: Rig): readonly string[] {
  const dir = rig.home.join('store/v2');
  return existsSync(dir) ? readdirSync(dir).sort() : [];
}

/** How many watches etcd serves. */
async function watchers(etcd: EtcdServer): Promise<number> {
  const text = await (await fetch(`${etcd.metricsUrl}/metrics`)).text();
  return Number(/^etcd_debugging_mvcc_watcher_total (\d+)$/m.exec(text)?.[1] ?? 0);
}

describe('snapshot --once', () => {
  it('prints where the snapshot is and what etcdctl would say of it', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd(started);
    await etcd.etcdctl('put', 'a', '1');
    await etcd.etcdctl('put', 'b', '2');
    const args = ['snapshot', '--once', '-e', etcd.clientUrl, ...storeFlags(rig)];
    const { stdout, stderr, exitCode } = await rig.run([...args, '-o', 'json']);
    assert.equal(exitCode, 0, stderr);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    const [name] = stored(rig);
    assert.match(name ?? '', /^Full-00000000-00000003-\d{10}\.gz$/);
    assert.equal(result['snapshot'], name);
    assert.equal(result['location'], rig.home.join('store/v2', name ?? ''));
    assert.equal(result['revision'], 3);
    assert.equal(typeof result['hash'], 'number');
    assert.equal(typeof result['totalKey'], 'number');
    assert.equal(typeof result['totalSize'], 'number');

    const text = await rig.run([...args, '--compress-snapshots=false']);
    assert.equal(text.exitCode, 0, text.stderr);
    assert.match(text.stdout, /^Snapshot: +Full-00000000-00000003-\d{10}$/m);
    assert.match(text.stdout, /^Revision: +3$/m);

    const plain = stored(rig).find((each) => !each.endsWith('.gz')) ?? '';
    const status = await etcd.etcdctl('snapshot', 'status', rig.home.join('store/v2', plain), '--write-out=json');
    const expected = JSON.parse(status) as Record<string, number>;
    assert.match(text.stdout, new RegExp(`^Hash: +${expected['hash']?.toString(16)}$`, 'm'));
    assert.match(text.stdout, new RegExp(`^Total size: +${expected['totalSize']} `, 'm'));
    assert.deepEqual(Object.keys(expected), ['hash', 'revision', 'totalKey', 'totalSize']);
  });

  it('obeys the retention that is asked for, after the snapshot was stored', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd(started);
    const args = ['snapshot', '--once', '-e', etcd.clientUrl, ...storeFlags(rig), '-o', 'json'];
    const retention = ['--garbage-collection-policy=LimitBased', '--max-backups', '2'];
    const names: string[] = [];
    for (const value of ['1', '2', '3', '4']) {
      await etcd.etcdctl('put', 'a', value);
      const { stdout, stderr, exitCode } = await rig.run([...args, ...(value === '4' ? [] : retention)]);
      assert.equal(exitCode, 0, stderr);
      const { snapshot, deleted } = JSON.parse(stdout) as { readonly snapshot: string; readonly deleted: string[] };
      names.push(snapshot);
      assert.deepEqual(deleted, value === '3' ? [names[0]] : [], 'without a rule nothing is deleted');
    }
    assert.deepEqual(stored(rig), names.slice(1));
  });

  it('fails after it has said what is stored, when what was to go cannot be deleted', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd(started);
    await using s3 = await startS3Server();
    const { flags, env } = s3Place(rig, s3.endpoint);
    const args = ['snapshot', '--once', '-e', etcd.clientUrl, ...flags, '-o', 'json', '--log-format=text'];
    await rig.run(args, { env });
    await etcd.etcdctl('put', 'a', '2');
    s3.fault(playAnswers({ DeleteObject: xmlRefusal(403, 'AccessDenied') }));
    const keep = ['--garbage-collection-policy=LimitBased', '--max-backups', '1'];
    const { stdout, stderr, exitCode } = await rig.run([...args, ...keep], { env });
    assert.equal(exitCode, 1);
    assert.match(stdout, /"snapshot":"Full-00000000-00000002-/);
    assert.match(stderr, /\nerror: cannot prune [^\n]*: 1 of the objects to delete are still there; [^\n]+\n$/);
  });

  it('says which flags change nothing', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd(started);
    const idle = ['--max-backups=2', '--schedule=0 * * * *', '--delta-snapshot-period=5s'];
    const { stderr, exitCode } = await rig.run([
      'snapshot',
      '--once',
      '-e',
      etcd.clientUrl,
      ...storeFlags(rig),
      ...idle,
    ]);
    assert.equal(exitCode, 0, stderr);
    for (const flag of ['--max-backups', '--schedule', '--delta-snapshot-period']) {
      assert.match(stderr, new RegExp(`WARN.*${flag} has no effect`));
    }
  });

  it('never shows a wrong password', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd({ ...started, rootPassword: 'right' });
    const args = ['snapshot', '--once', '-e', etcd.clientUrl, ...storeFlags(rig), '--log-level=debug'];
    const env = { ETCDBRCTL_ETCD_USERNAME: 'root', ETCDBRCTL_ETCD_PASSWORD: 'hunter2' };
    const { stdout, stderr, exitCode } = await rig.run(args, { env });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^error: [^\n]*password/m);
    assert.doesNotMatch(stdout + stderr, /hunter2/);
    assert.deepEqual(stored(rig), []);
  });
});

describe('snapshot with much that waits', () => {
  it('stores all of it before it ends, as one delta', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd(started);
    const flags = ['snapshot', '-e', etcd.clientUrl, ...storeFlags(rig), '--delta-snapshot-memory-limit=2000'];
    const running = rig.start(flags);
    await running.saw(/Applied watch on etcd from revision/);
    const last = await putMany(etcd, { keys: 2_000, atOnce: 32, value: () => Buffer.alloc(100) });
    running.kill('SIGTERM');
    const { exitCode, stderr } = await running.finished;
    assert.equal(exitCode, 0, stderr);
    assert.match(stored(rig).at(-1) ?? '', new RegExp(`^Incr-\\d+-${String(last).padStart(8, '0')}-`));
    const verified = await rig.run(['verify', ...storeFlags(rig), '--temp-dir', rig.home.join('temp')]);
    assert.match(verified.stdout, new RegExp(`^Restorable up to: +revision ${last}\\b`, 'm'));
  });
});

describe('snapshot on a terminal that goes away', () => {
  it('ends as by SIGTERM: the last delta is stored', async () => {
    await using rig = makeRig();
    await using etcd = await startEtcd(started);
    const flags = ['snapshot', '-e', etcd.clientUrl, ...storeFlags(rig), '--delta-snapshot-period=1h'];
    const terminal = rig.startOnTerminal(flags);
    await eventually(async () => ((await watchers(etcd)) > 0 ? true : undefined));
    for (const value of ['1', '2', '3']) {
      await etcd.etcdctl('put', 'late', value);
    }
    // Without its other end the terminal hangs up, and whatever is written to it fails.
    terminal.kill('SIGKILL');
    const delta = await eventually(() => stored(rig).find((name) => name.startsWith('Incr-')));
    assert.match(delta, /^Incr-00000002-0000000[2-4]-/);
  });
});

describe('snapshot', () => {
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    it(`runs until ${signal}, writes the buffered events as a delta, and ends with 0`, async () => {
      await using rig = makeRig();
      await using etcd = await startEtcd(started);
      const running = rig.start(['snapshot', '-e', etcd.clientUrl, ...storeFlags(rig), '--delta-snapshot-period=1h']);
      await running.saw(/Applied watch on etcd from revision/);
      assert.match(
        running.stderr(),
        /^INFO\[\d{4}\] etcdbrctl Version: \S+\nINFO\[\d{4}\] Git SHA: \S+\nINFO\[\d{4}\] Runtime Version: node v\S+\nINFO\[\d{4}\] OS\/Arch: \S+\n/,
      );
      await eventually(async () => ((await watchers(etcd)) > 0 ? true : undefined));
      // Each put takes its time, so that at least the first has long been collected when the signal arrives.
      for (const value of ['1', '2', '3', '4', '5']) {
        await etcd.etcdctl('put', 'late', value);
      }
      running.kill(signal);
      const { stdout, stderr, exitCode } = await running.finished;
      assert.equal(exitCode, 0, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, new RegExp(`Received ${signal}, stopping`));
      assert.match(stderr, /Shutting down\.\.\.\n$/);
      assert.doesNotMatch(stderr, /^error: /m);
      const [full, delta] = stored(rig);
      assert.match(full ?? '', /^Full-00000000-00000001-/);
      assert.match(delta ?? '', /^Incr-00000002-0000000[2-6]-/);
    });
  }
});
