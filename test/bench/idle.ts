import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../../scripts/lab/child-process.ts';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { builtExecutable } from '../../scripts/lab/executable.ts';
import { freePort } from '../../scripts/lab/free-port.ts';
import { sampleProcess } from '../support/processes/process-sample.ts';
import type { Bench } from './measure.ts';
import type { Row } from './table.ts';

/** How long a server is left alone, seconds. */
const idleSeconds = Number(process.env['IDLE_SECONDS'] ?? 600);
/** After a start it lets go of what it no longer needs, seconds. */
const settleSeconds = 60;

/** What a server costs that leads a cluster in which nothing happens: processor time, and the most memory at any look. */
export async function benchIdle({ scratch, reference }: Bench): Promise<readonly Row[]> {
  const rows = [await measureIdle('etcdbrctl server', { program: builtExecutable(), home: scratch.path })];
  return reference === undefined
    ? rows
    : [...rows, await measureIdle('Go etcdbrctl server', { program: reference, home: scratch.path })];
}

async function measureIdle(
  name: string,
  { program, home }: { readonly program: string; readonly home: string },
): Promise<Row> {
  await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
  const port = await freePort();
  const directory = `${home}/idle-${port}`;
  const server = startChild(
    program,
    [
      'server',
      `--server-port=${port}`,
      `--endpoints=${etcd.clientUrl}`,
      `--data-dir=${directory}/etcd`,
      '--storage-provider=Local',
      '--store-container=backup',
      `--snapstore-temp-directory=${directory}/tmp`,
    ],
    { env: { ...process.env, HOME: directory, POD_NAME: 'etcd-0', POD_NAMESPACE: 'default' } },
  );
  try {
    await eventually(
      async () => {
        const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
        return response?.status === 200 ? true : undefined;
      },
      { timeoutMs: 60_000, describe: () => `${name} does not lead: ${server.output()}` },
    );
    await sleep(settleSeconds * 1_000);
    const { pid } = server;
    const before = sampleProcess(pid);
    let peakRss = before.rss;
    const begunAt = performance.now();
    while (performance.now() - begunAt < idleSeconds * 1_000) {
      await sleep(1_000);
      peakRss = Math.max(peakRss, sampleProcess(pid).rss);
    }
    const cpuMs = sampleProcess(pid).cpuMs - before.cpuMs;
    const percent = (cpuMs / (performance.now() - begunAt)) * 100;
    return {
      operation: `${name}, idle: ${percent.toFixed(2)} % of a core (at most 0.5 and 90 MB)`,
      wallMs: performance.now() - begunAt,
      cpuMs,
      peakRss,
      floorMs: undefined,
    };
  } finally {
    await server.end('SIGTERM');
  }
}
