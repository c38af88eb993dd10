import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from '../../scripts/lab/child-process.ts';
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

/** What the load has come to. */
interface Answered {
  readonly answers: number;
  /** Of the client, ms. */
  readonly cpuMs: number;
}

/**
 * How long a full of a server takes alone, while it answers a thousand requests a second, and while a bare server answers as many on the same
 * processors, which is the least that any could add; in turn.
 */
export async function benchLoaded(bench: Bench): Promise<readonly Row[]> {
  const { scratch, runs } = bench;
  const { etcdDataDir } = await bench.data();
  const dataDir = scratch.join('loaded');
  const client = buildClient(scratch.join('request-load'));
  cpSync(etcdDataDir, dataDir, { recursive: true });
  await using etcd = await startEtcd({
    release: await etcdRelease('3.5'),
    dataDir,
    extraArgs: [...etcdSettings, '--unsafe-no-fsync'],
  });
  const [port, barePort] = [await freePort(), await freePort()];
  const bare = startChild(process.execPath, [`${projectRoot}/test/bench/bare-server.ts`, String(barePort)], {
    env: {},
  });
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
    const beside: MeasuredFull[] = [];
    const rates: number[] = [];
    const perRequest: { readonly server: number; readonly client: number }[] = [];
    for (let turn = 0; turn < runs; turn++) {
      alone.push(await measureFull(url, server));
      await underLoad({ client, port }, async (answered) => {
        const [before, at, cpuBefore] = [await answered(), performance.now(), sampleProcess(server.pid).cpuMs];
        const full = await measureFull(url, server);
        const [after, cpuAfter] = [await answered(), sampleProcess(server.pid).cpuMs];
        loaded.push(full);
        const count = after.answers - before.answers;
        rates.push(count / ((performance.now() - at) / 1_000));
        // The pause before the full counts, too: all requests have their part of what is more than a full alone.
        const fullAlone = median(alone.map(({ cpuMs }) => cpuMs));
        perRequest.push({
          server: ((cpuAfter - cpuBefore - fullAlone) / count) * 1_000,
          client: ((after.cpuMs - before.cpuMs) / count) * 1_000,
        });
      });
      await underLoad({ client, port: barePort }, async () => void beside.push(await measureFull(url, server)));
    }
    const floorMs = median(alone.map(({ wallMs }) => wallMs));
    const answeredRate = Math.round(median(rates));
    const costs = (['server', 'client'] as const)
      .map((who) => `${median(perRequest.map((each) => each[who])).toFixed(0)} µs of the ${who} each`)
      .join(', ');
    return [
      row('etcdbrctl server, a full', alone),
      row('the same while a bare node:http server answers as many', beside, floorMs),
      row(`the same with ${answeredRate} requests/s answered (at most 1.10), ${costs}`, loaded, floorMs),
    ];
  } finally {
    await Promise.all([server.end('SIGTERM'), bare.end('SIGKILL')]);
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

/** Compiles what asks, as the native modules are, to `path`: in the field it runs elsewhere, so here it has to cost little. */
function buildClient(path: string): string {
  const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O2'];
  execFileSync(process.env['CC'] ?? 'cc', [...flags, '-o', path, `${projectRoot}/test/bench/request-load.c`]);
  return path;
}

/** Does `work` while requests come; it is given what counts the answers. */
async function underLoad(
  { client, port }: { readonly client: string; readonly port: number },
  work: (answered: () => Promise<Answered>) => Promise<void>,
): Promise<void> {
  const load = startChild(client, [String(port), String(rate)], { env: {} });
  let asked = 0;
  const answered = async (): Promise<Answered> => {
    asked += 1;
    if (load.hasExited()) {
      throw new Error(`the load has ended: ${load.output()}`);
    }
    process.kill(load.pid, 'SIGUSR2');
    const lines = await eventually(
      () => {
        const found = [...load.output().matchAll(/^answers (\d+) (.*)$/gm)];
        return found.length === asked ? found : undefined;
      },
      { intervalMs: 5, describe: () => load.output() },
    );
    const [, answers, cpuMs] = lines.at(-1) ?? [];
    return { answers: Number(answers), cpuMs: Number(cpuMs) };
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
