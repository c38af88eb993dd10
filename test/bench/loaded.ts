import { cpSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from '../../scripts/lab/child.ts';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { builtExecutable } from '../../scripts/lab/executable.ts';
import { freePort } from '../../scripts/lab/free-port.ts';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { median } from '../support/processes/measured-run.ts';
import { sampleProcess } from '../support/processes/process-sample.ts';
import { etcdSettings } from './data-set.ts';
import type { Bench } from './measure.ts';
import type { Row } from './table.ts';

/** Requests a second, half for /healthz and half for /metrics. */
const rate = 1_000;
/** Between two fulls, ms: what the one before has left to write and to collect is not measured with the next. */
const pauseMs = 2_000;

/** One full, from the request to its answer. */
interface MeasuredFull {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly rss: number;
}

/** How long a full of a server takes alone, and while a thousand requests a second are answered; both in turn. */
export async function benchLoaded(bench: Bench): Promise<readonly Row[]> {
  const { scratch, runs } = bench;
  const { etcdDataDir } = await bench.data();
  const dataDir = scratch.join('loaded');
  cpSync(etcdDataDir, dataDir, { recursive: true });
  await using etcd = await startEtcd({
    release: await etcdRelease('3.5'),
    dataDir,
    extraArgs: [...etcdSettings, '--unsafe-no-fsync'],
  });
  const port = await freePort();
  const server = startChild(
    builtExecutable(),
    [
      'server',
      `--server-port=${port}`,
      '--listen-address=127.0.0.1',
      `--endpoints=${etcd.clientUrl}`,
      `--data-dir=${scratch.join('initialized')}`,
      '--storage-provider=Local',
      `--store-container=${scratch.join('loaded-store')}`,
      `--snapstore-temp-directory=${scratch.join('loaded-temp')}`,
      '--compress-snapshots',
      '--schedule=0 0 1 1 *',
      '--verification-schedule=off',
    ],
    { env: { HOME: scratch.path, POD_NAME: 'etcd-0', POD_NAMESPACE: 'default' } },
  );
  try {
    const url = `http://127.0.0.1:${port}/snapshot/full`;
    // Until its first full is stored the server refuses others.
    await eventually(async () => ((await fetch(url).catch(() => undefined))?.ok === true ? true : undefined), {
      timeoutMs: 120_000,
      intervalMs: 500,
      describe: () => server.output(),
    });
    const alone: MeasuredFull[] = [];
    const loaded: MeasuredFull[] = [];
    const rates: number[] = [];
    for (let turn = 0; turn < runs; turn++) {
      alone.push(await measureFull(url, server));
      await underLoad(port, async (answered) => {
        const [before, at] = [await answered(), performance.now()];
        loaded.push(await measureFull(url, server));
        rates.push(((await answered()) - before) / ((performance.now() - at) / 1_000));
      });
    }
    const floorMs = median(alone.map(({ wallMs }) => wallMs));
    const answeredRate = Math.round(median(rates));
    return [
      row('etcdbrctl server, a full', alone),
      row(`the same with ${answeredRate} requests/s answered (at most 1.10)`, loaded, floorMs),
    ];
  } finally {
    await server.end('SIGTERM');
  }
}

async function measureFull(url: string, server: Child): Promise<MeasuredFull> {
  await sleep(pauseMs);
  const before = sampleProcess(server.pid);
  const begunAt = performance.now();
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${response.status} ${text}\n${server.output().slice(-5_000)}`);
  }
  const after = sampleProcess(server.pid);
  return { wallMs: performance.now() - begunAt, cpuMs: after.cpuMs - before.cpuMs, rss: after.rss };
}

/** Does `work` while requests come; it is given what counts the answers. */
async function underLoad(port: number, work: (answered: () => Promise<number>) => Promise<void>): Promise<void> {
  const load = startChild(process.execPath, [`${projectRoot}/test/bench/request-load.ts`, String(port), String(rate)], {
    env: {},
  });
  let asked = 0;
  const answered = async (): Promise<number> => {
    asked += 1;
    if (load.hasExited()) {
      throw new Error(`the load has ended: ${load.output()}`);
    }
    process.kill(load.pid, 'SIGUSR2');
    const lines = await eventually(
      () => {
        const found = [...load.output().matchAll(/^answers (\d+)/gm)];
        return found.length === asked ? found : undefined;
      },
      { intervalMs: 5, describe: () => load.output() },
    );
    return Number(lines.at(-1)?.[1]);
  };
  try {
    await eventually(() => (load.output().startsWith('asking') ? true : undefined), { describe: () => load.output() });
    await work(answered);
  } finally {
    await load.end('SIGKILL');
  }
}

function row(operation: string, fulls: readonly MeasuredFull[], floorMs?: number): Row {
  return {
    operation,
    wallMs: median(fulls.map(({ wallMs }) => wallMs)),
    cpuMs: median(fulls.map(({ cpuMs }) => cpuMs)),
    peakRss: Math.max(...fulls.map(({ rss }) => rss)),
    floorMs,
  };
}
