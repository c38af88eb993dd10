import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { type Child, startChild } from '../../scripts/lab/child-process.ts';
import { EtcdGateway } from '../../scripts/lab/etcd-gateway.ts';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { builtExecutable } from '../../scripts/lab/executable.ts';
import { newestChain } from '../../src/snapshot/chain.ts';
import { parseRelativeKey } from '../../src/snapshot/name.ts';
import { sampleProcess } from '../support/processes/process-sample.ts';
import { startFaultProxy } from '../support/servers/fault-proxy.ts';
import { startGcsServer } from '../support/servers/gcs-server.ts';
import { etcdSettings, writeEvents } from './data-set.ts';
import type { Bench } from './measure.ts';
import type { Row } from './table.ts';

const EVENTS = 300_000;
/** How long the store answers nothing while clients write, ms. */
const STALL = 60_000;

/** A snapshotter that is measured, and the way to what it has stored. */
interface Watcher {
  readonly program: string;
  readonly store: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Keys of the objects that are stored now, below the prefix. */
  readonly keys: () => readonly string[];
  /** Called when the first full is stored, before the first event. */
  readonly onReady?: () => void;
  /** Called when everything has been written to etcd, before all of it has to be in the store. */
  readonly onWritten?: (elapsedMs: number) => Promise<void>;
}

/**
 * What it costs to watch 300,000 events of 512 B, as fast as one etcd produces them, and to store them: from the first event to the
 * last delta in the store, CPU and memory of the snapshotter alone. Then the same with a store that does not answer for a minute.
 */
export async function benchWatch({ scratch, reference }: Bench): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const programs = [
    { name: 'etcdbrctl snapshot', program: builtExecutable() },
    // It joins every local container to the home directory.
    ...(reference === undefined ? [] : [{ name: 'Go etcdbrctl snapshot', program: reference, env: { HOME: '/' } }]),
  ];
  for (const { name, ...how } of programs) {
    const directory = scratch.join('watched');
    const keys = (): readonly string[] => {
      try {
        return readdirSync(`${directory}/v2`).map((file) => `v2/${file}`);
      } catch {
        return [];
      }
    };
    const store = ['--storage-provider', 'Local', '--store-container', directory];
    rows.push({
      operation: `${name}, 300,000 events`,
      ...(await measureWatch({ ...how, store, keys })),
      floorMs: undefined,
    });
    rmSync(directory, { recursive: true, force: true });
  }
  rows.push(await benchStalled());
  return rows;
}

async function benchStalled(): Promise<Row> {
  await using server = await startGcsServer({ auth: 'none' });
  await using proxy = await startFaultProxy(server.endpoint);
  const stall = (): void => proxy.fault(() => ({ kind: 'stall' }));
  const measured = await measureWatch({
    program: builtExecutable(),
    store: [
      ['--storage-provider', 'GCS'],
      ['--store-container', server.bucket],
      ['--store-endpoint-override', proxy.endpoint],
    ].flat(),
    keys: () => [...server.space.objects.keys()],
    onReady: stall,
    onWritten: async (elapsedMs) => {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, STALL - elapsedMs)));
      proxy.fault(() => undefined);
    },
  });
  return { operation: 'etcdbrctl snapshot, the same, store stalled for 60 s', ...measured, floorMs: undefined };
}

async function measureWatch(watcher: Watcher): Promise<Pick<Row, 'wallMs' | 'cpuMs' | 'peakRss'>> {
  const release = await etcdRelease('3.5');
  await using etcd = await startEtcd({ release, extraArgs: [...etcdSettings, '--unsafe-no-fsync'] });
  const snapshotter = startChild(
    watcher.program,
    [
      'snapshot',
      '--endpoints',
      etcd.clientUrl,
      ...watcher.store,
      '--compress-snapshots',
      '--compression-policy',
      'gzip',
    ],
    { env: watcher.env ?? {} },
  );
  try {
    await untilStored(snapshotter, watcher, 1);
    watcher.onReady?.();
    const { cpuMs: before } = sampleProcess(snapshotter.pid);
    const startedAt = performance.now();
    const gateway = new EtcdGateway(etcd.clientUrl);
    await writeEvents(gateway, EVENTS);
    await watcher.onWritten?.(performance.now() - startedAt);
    const { revision } = await gateway.state();
    await untilStored(snapshotter, watcher, revision);
    const wallMs = performance.now() - startedAt;
    const { cpuMs } = sampleProcess(snapshotter.pid);
    return { wallMs, cpuMs: cpuMs - before, peakRss: peakRss(snapshotter.pid) };
  } finally {
    await snapshotter.end('SIGKILL');
  }
}

/** Waits until the newest backup reaches `revision`. */
async function untilStored(snapshotter: Child, { keys }: Watcher, revision: number): Promise<void> {
  await eventually(
    () => {
      if (snapshotter.hasExited()) {
        throw new Error(`the snapshotter ended:\n${snapshotter.output().slice(-5_000)}`);
      }
      const snapshots = keys().flatMap((key) => {
        const parsed = parseRelativeKey(key);
        return parsed.outcome === 'foreign' ? [] : [parsed.snapshot];
      });
      const plan = newestChain(snapshots);
      return plan.outcome === 'chain' && plan.lastRevision >= revision ? true : undefined;
    },
    { timeoutMs: 600_000, intervalMs: 200 },
  );
}

/** The most memory a process has had, bytes. */
function peakRss(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
