/**
 * Shows the whole job on a cluster that may be lost: backs up a scratch etcd while it is written to, destroys it,
 * restores it with `etcdbrctl initialize` and compares every key, revision and lease.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './lab/child-process.ts';
import { EtcdGateway, type Write } from './lab/etcd-gateway.ts';
import { etcdRelease } from './lab/etcd-release.ts';
import { startEtcd } from './lab/etcd-server.ts';
import { eventually } from './lab/eventually.ts';
import { builtExecutable } from './lab/executable.ts';
import { projectRoot } from './lab/project-root.ts';
import { run } from './lab/run.ts';
import { makeTempDir } from './lab/temp-dir.ts';
import { compareStates, type HashedState } from './quickstart/compare-states.ts';
import { Narrator } from './quickstart/narrator.ts';

// Scratch files are removed when the process exits; being interrupted must be an exit.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const etcdbrctl = builtExecutable();
const shown = relative(projectRoot, etcdbrctl);
const tell = new Narrator(process.stdout);
await using scratch = makeTempDir();
const store = scratch.join('backup');
const dataDir = scratch.join('etcd');
const storeFlags = ['--storage-provider', 'Local', '--store-container', store, '--store-prefix', 'quickstart'];

const release = await etcdRelease('3.5');
tell.step(`Start a scratch etcd ${release.version} on free ports`);
await using etcd = await startEtcd({ release, dataDir });
tell.fact(`serving ${etcd.clientUrl}, pid ${etcd.pid()}`);
const gateway = new EtcdGateway(etcd.clientUrl);

tell.step('Write 5,000 keys, some of them under leases');
const longLease = await gateway.grantLease(3600);
for (let first = 0; first < 5000; first += 100) {
  await gateway.write(range(first, first + 100).map((n) => put(n, n % 10 === 0 ? longLease : undefined)));
}
tell.fact(`revision ${(await gateway.state()).revision}`);

tell.step('Back it up: one full snapshot, then a delta a second while writes go on');
const snapshot = [
  'snapshot',
  '--endpoints',
  etcd.clientUrl,
  ...storeFlags,
  '--delta-snapshot-period',
  '1s',
  '--log-format',
  'text',
];
tell.command(shown, snapshot);
const snapshotter = startChild(etcdbrctl, snapshot, { env: { HOME: scratch.path } });
const objects = (): string[] =>
  (existsSync(store) ? readdirSync(store, { recursive: true, encoding: 'utf8' }) : [])
    .filter((name) => /(Full|Incr)-/.test(name))
    .toSorted();
await eventually(
  () => {
    if (snapshotter.hasExited()) {
      throw new Error(`etcdbrctl snapshot ended:\n${snapshotter.output()}`);
    }
    return objects().find((name) => name.includes('Full-'));
  },
  { describe: () => `no full snapshot appeared:\n${snapshotter.output()}` },
);
const lateLease = await gateway.grantLease(7200);
let writes = 0;
const stopWriting = performance.now() + 5_000;
while (performance.now() < stopWriting) {
  const n = (writes * 37) % 6000;
  await gateway.write([
    put(n, writes % 3 === 0 ? lateLease : undefined),
    { delete: key((n + 1777) % 6000) },
    put(6000 + writes, undefined),
  ]);
  writes++;
  await sleep(5);
}
tell.fact(`${writes} transactions of puts, overwrites and deletes were written at the same time`);

tell.step('Stop the backup; what its event buffer holds is saved before it ends');
await snapshotter.end('SIGTERM');
for (const line of snapshotter.output().trim().split('\n').slice(-3)) {
  tell.fact(line);
}
for (const name of objects()) {
  tell.fact(`${name}  ${statSync(`${store}/${name}`).size} bytes`);
}

tell.step('Look at the backup: list shows its chain, verify restores it into a scratch directory');
for (const args of [
  ['list', ...storeFlags, '--log-level', 'warn'],
  ['verify', '--level', 'restore', ...storeFlags, '--temp-dir', scratch.path, '--log-level', 'warn'],
]) {
  tell.command(shown, args);
  const said = await run(etcdbrctl, args, { env: { HOME: scratch.path } });
  for (const line of `${said.stderr}${said.stdout}`.trimEnd().split('\n')) {
    tell.fact(line);
  }
}

tell.step('Remember what the cluster holds');
const before = await hashedState();
tell.fact(
  `revision ${before.revision}, ${before.keys.length} keys, ${before.leases.length} leases, hash ${before.hash}`,
);

tell.step('Disaster: kill -9 etcd and delete its data directory');
await etcd.kill9();
rmSync(dataDir, { recursive: true });
tell.fact(`${dataDir} is gone`);

tell.step('Restore: etcdbrctl initialize finds no data directory and builds one from the backup');
const initialize = [
  'initialize',
  ...storeFlags,
  '--data-dir',
  dataDir,
  '--name',
  etcd.name,
  '--initial-cluster',
  `${etcd.name}=${etcd.peerUrl}`,
  '--initial-advertise-peer-urls',
  etcd.peerUrl,
  '--restoration-temp-snapshots-dir',
  scratch.join('restoration'),
];
tell.command(shown, initialize);
const { stdout, stderr } = await run(etcdbrctl, initialize, { env: { HOME: scratch.path } });
for (const line of `${stderr}${stdout}`.trim().split('\n').slice(-4)) {
  tell.fact(line);
}

tell.step('Start etcd on the restored directory');
await etcd.restart();
const after = await hashedState();
tell.fact(`revision ${after.revision}, ${after.keys.length} keys, ${after.leases.length} leases, hash ${after.hash}`);

tell.step('Compare');
const checks = compareStates(before, after, { inFull: [longLease] });
for (const { subject, difference } of checks) {
  tell.check(subject, difference);
}
const passed = checks.every(({ difference }) => difference === undefined);
tell.verdict(passed ? 'passed' : 'failed');
process.exitCode = passed ? 0 : 1;

async function hashedState(): Promise<HashedState> {
  const state = await gateway.state();
  return { ...state, hash: await gateway.hashKv(state.revision) };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function key(n: number): string {
  return `/registry/things/${n.toString().padStart(5, '0')}`;
}

/** A value that nobody could guess from its neighbours. */
function put(n: number, lease: string | undefined): Write {
  const value = createHash('sha512').update(`${n} ${performance.now()}`).digest();
  return { put: key(n), value, ...(lease === undefined ? {} : { lease }) };
}
