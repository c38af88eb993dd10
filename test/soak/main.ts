/**
 * Lets a snapshotter work for a long time and checks whether it grows or misses a write: clients write, its store has all kinds of
 * trouble, its credentials are rotated, fulls are taken each minute and old snapshots are deleted. Ends with 1 when something is wrong.
 * Environment: `SOAK_MINUTES` (20), `SOAK_SEED`, `SOAK_ETCDBRCTL`: the program, `bin/etcdbrctl` unless given.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Etcd3 } from 'etcd3';
import { startChild } from '../../scripts/lab/child-process.ts';
import { EtcdGateway } from '../../scripts/lab/etcd-gateway.ts';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { builtExecutable } from '../../scripts/lab/executable.ts';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import { systemClock } from '../../src/runtime/system-clock.ts';
import { newestChain } from '../../src/snapshot/chain.ts';
import { openStore } from '../../src/snapstore/registry.ts';
import type { SnapStore } from '../../src/snapstore/snapstore.ts';
import { startModelWriters } from '../support/chaos/model-writers.ts';
import { quietLogger } from '../support/context/quiet-logger.ts';
import { seededChoices } from '../support/fixtures/random.ts';
import { sampleProcess } from '../support/processes/process-sample.ts';
import { startWorkload } from '../support/replay/workload.ts';
import { startFaultProxy } from '../support/servers/fault-proxy.ts';
import { type OssServer, startOssServer } from '../support/servers/oss-server.ts';
import { graphHead, graphLine, growth, type PointInTime } from './graph.ts';
import { Ledger } from './ledger.ts';
import { proveBackup } from './proof.ts';
import { calm, troubles } from './troubles.ts';

const PREFIX = 'soak';
/** Between two lines of the graph, ms. */
const LOOK_EVERY = 10_000;
/** How long a trouble lasts, and the calm after it, ms. */
const TROUBLE = 20_000;
const CALM = 40_000;
const ROTATE_EVERY = 95_000;
const DELTA_PERIOD_MS = 5_000;
/** How long everything may take to reach the store once there is no trouble any more, ms. */
const SETTLE = 120_000;

process.once('SIGINT', () => process.exit(130));

const minutes = Number(process.env['SOAK_MINUTES'] || 20);
const seed = Number(process.env['SOAK_SEED'] || Date.now() % 100_000);
const program = process.env['SOAK_ETCDBRCTL'] || builtExecutable();
print(`${minutes} minutes of ${program}, seed ${seed}\n`);
const wrong = await soak();
for (const each of wrong) {
  print(`WRONG: ${each}`);
}
print(
  wrong.length === 0
    ? 'PASSED: memory and handles stayed flat, and every acknowledged write is in the store'
    : 'FAILED',
);
process.exit(wrong.length === 0 ? 0 : 1);

async function soak(): Promise<readonly string[]> {
  const random = seededChoices(seed);
  const endsAt = performance.now() + minutes * 60_000;
  using dir = makeTempDir();
  await using stack = new AsyncDisposableStack();
  const etcd = stack.use(await startEtcd({ release: await etcdRelease('3.5') }));
  const server = stack.use(await startOssServer());
  const proxy = stack.use(await startFaultProxy(server.endpoint));
  const credentials = dir.join('credentials');
  writeCredentials(credentials, server);
  const store = await openDirectly(server, credentials);
  const gateway = new EtcdGateway(etcd.clientUrl);
  const ledger = new Ledger();
  const leases = await Promise.all(Array.from({ length: 8 }, () => gateway.grantLease(86_400)));
  const writers = startModelWriters({
    gateway,
    model: ledger,
    leases,
    seed,
    writers: 3,
    pauseMs: 60,
    largeValue: 300_000,
  });
  const client = new Etcd3({ hosts: etcd.clientUrl });
  const workload = startWorkload({ clients: [client], random: seededChoices(seed + 1), parallel: 2, pauseMs: 60 });
  const snapshotter = startChild(program, flags({ etcdUrl: etcd.clientUrl, storeUrl: proxy.endpoint, server, dir }), {
    env: { ALICLOUD_APPLICATION_CREDENTIALS: credentials },
  });
  stack.defer(() => snapshotter.end('SIGKILL'));

  const moments: PointInTime[] = [];
  const startedAt = performance.now();
  const queue = troubles(random);
  let current = calm;
  const look = async (): Promise<PointInTime> => {
    const { snapshots } = await store.list({ signal: AbortSignal.timeout(60_000) });
    const whole = snapshots.filter(({ chunk }) => chunk === undefined);
    const plan = newestChain(whole);
    const covered = plan.outcome === 'chain' ? plan.lastRevision : 0;
    const moment: PointInTime = {
      seconds: (performance.now() - startedAt) / 1_000,
      trouble: current.name,
      ...sampleProcess(snapshotter.pid),
      writes: ledger.count,
      revision: ledger.newest,
      covered,
      behindMs: ledger.covered(covered),
      fulls: whole.filter(({ kind }) => kind === 'Full').length,
      deltas: whole.filter(({ kind }) => kind === 'Incr').length,
    };
    if (plan.outcome === 'gap') {
      throw new Error(`the newest chain has a hole:\n${whole.map(({ name }) => name).join('\n')}`);
    }
    return moment;
  };
  print(graphHead());
  let changesAt = startedAt + CALM;
  let rotatesAt = startedAt + ROTATE_EVERY;
  let rotations = 0;
  for (let step = 0; performance.now() < endsAt && !snapshotter.hasExited() && etcd.isRunning(); ) {
    await sleep(LOOK_EVERY);
    const now = performance.now();
    if (now >= changesAt) {
      current = current === calm ? (queue[step++ % queue.length] ?? calm) : calm;
      proxy.fault(current.hook);
      changesAt = now + (current === calm ? CALM : TROUBLE);
    }
    if (now >= rotatesAt) {
      rotations += 1;
      server.rotate({ ...server.keys, accessKeySecret: `secret number ${rotations}` });
      writeCredentials(credentials, server);
      rotatesAt = now + ROTATE_EVERY;
    }
    const moment = await look();
    moments.push(moment);
    print(graphLine(moment));
  }
  if (snapshotter.hasExited()) {
    return [`the snapshotter ended by itself:\n${snapshotter.output().slice(-5_000)}`];
  }
  if (!etcd.isRunning()) {
    return [`etcd ended by itself:\n${etcd.log().slice(-5_000)}`];
  }
  current = calm;
  proxy.fault(calm.hook);
  await Promise.all([writers.stop(), workload.stop()]);
  client.close();
  const { revision } = await gateway.state();
  const stoppedAt = performance.now();
  await eventually(async () => ((await look()).covered >= revision ? true : undefined), {
    timeoutMs: SETTLE,
    intervalMs: 500,
    describe: () => `revision ${revision} did not reach the store:\n${snapshotter.output().slice(-5_000)}`,
  });
  print(`\n${ledger.count} writes acknowledged, ${rotations} rotations of credentials, up to revision ${revision},`);
  print(`all of it in the store ${((performance.now() - stoppedAt) / 1_000).toFixed(1)} s after the last write`);
  const faults = /unexpected fault|Unhandled|Warning: .*leak/i.exec(snapshotter.output());
  await snapshotter.end('SIGTERM');
  return [
    ...growth(moments),
    ...(faults === null ? [] : [`the snapshotter said: ${faults[0]}`]),
    ...(await proveBackup(store, etcd)),
  ];
}

function flags(parts: {
  readonly etcdUrl: string;
  readonly storeUrl: string;
  readonly server: OssServer;
  readonly dir: TempDir;
}): readonly string[] {
  const tempDir = parts.dir.join('temp');
  mkdirSync(tempDir);
  return [
    ['snapshot'],
    ['--endpoints', parts.etcdUrl],
    ['--storage-provider', 'OSS'],
    ['--store-container', parts.server.bucket],
    ['--store-prefix', PREFIX],
    ['--store-endpoint-override', parts.storeUrl],
    ['--snapstore-temp-directory', tempDir],
    ['--schedule', '* * * * *'],
    ['--delta-snapshot-period', `${DELTA_PERIOD_MS}ms`],
    ['--garbage-collection-policy', 'LimitBased'],
    ['--max-backups', '3'],
    ['--garbage-collection-period', '30s'],
    ['--log-format', 'text'],
  ].flat();
}

/** A store for looking at, past the proxy. */
function openDirectly(server: OssServer, credentials: string): Promise<SnapStore> {
  return openStore(
    {
      provider: 'OSS',
      container: server.bucket,
      prefix: PREFIX,
      endpointOverride: server.endpoint,
      maxParallelChunkUploads: 5,
      minChunkSize: 5 * 1024 * 1024,
      role: 'primary',
    },
    { log: quietLogger, clock: systemClock, environment: { ALICLOUD_APPLICATION_CREDENTIALS: credentials } },
  );
}

function writeCredentials(directory: string, server: OssServer): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/storageEndpoint`, 'unused.invalid');
  writeFileSync(`${directory}/accessKeyID`, server.keys.accessKeyID);
  writeFileSync(`${directory}/accessKeySecret`, server.keys.accessKeySecret);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
