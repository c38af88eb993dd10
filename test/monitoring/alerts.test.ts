import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { unpackDebianPackages } from '../../scripts/lab/debian-package.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { freePort } from '../../scripts/lab/free-port.ts';
import { cacheDir, projectRoot } from '../../scripts/lab/project-root.ts';
import { run } from '../../scripts/lab/run.ts';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { createPrometheusMetrics, type PrometheusMetrics } from '../../src/metrics/prometheus-metrics.ts';
import { revision } from '../../src/revision.ts';
import { storedFull } from '../support/server/hold-fulls.ts';

const into = join(cacheDir, 'prometheus');
const bin = join(into, 'usr/bin');
const example = `${projectRoot}example/monitoring`;

before(async () => {
  if (!existsSync(join(bin, 'prometheus'))) {
    using scratch = makeTempDir();
    await unpackDebianPackages({ suite: 'bookworm', packages: ['prometheus'], into, scratch: scratch.path });
  }
});

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly for?: string }[] }[];
}

/** The fault that each alert is for, as events that our metrics hear; one that throws is not answered. Durations of rules are shortened, their expressions are not. */
const faults: Readonly<Record<string, (metrics: PrometheusMetrics, round: number) => void>> = {
  EtcdBackupTooOld: ({ listener }) => {
    const snapshot = { ...storedFull, createdOn: Math.floor(Date.now() / 1_000) - 3 * 86_400 };
    listener({ type: 'stored', snapshot, chain: { full: snapshot, deltas: [] } });
  },
  EtcdBackupNobodyBacksUp: () => undefined,
  EtcdBackupSidecarsGone: (_, round) => {
    if (round > 1) {
      throw new Error('it does not answer any more');
    }
  },
  EtcdBackupNotUpToDate: ({ listener }) => {
    const snapshot = { ...storedFull, createdOn: Math.floor(Date.now() / 1_000) - 1_000 };
    listener({ type: 'stored', snapshot, chain: { full: snapshot, deltas: [] } });
    listener({ type: 'required', kind: 'Incr', required: true });
  },
  EtcdBackupStoreFails: ({ listener }) => listener({ type: 'outage goes on', seconds: 60 }),
  EtcdBackupSnapshotsFail: ({ listener }, round) => {
    if (round % 2 === 1) {
      listener({ type: 'snapshot failed', kind: 'Full', seconds: 1, error: new Error('x') });
    }
  },
  EtcdBackupNotProved: (metrics) =>
    metrics.verification({
      at: Date.now() - 4 * 86_400_000,
      sound: true,
      provable: { revision: revision(7), stateOf: 1 },
    }),
  EtcdBackupDamaged: (metrics) => metrics.verification({ at: Date.now(), sound: false, provable: undefined }),
  EtcdBackupOtherWriter: ({ listener }, round) => {
    if (round > 1) {
      listener({ type: 'concurrent writer', names: ['x'] });
    }
  },
  EtcdBackupSecondCopyLags: (metrics) =>
    metrics.secondary({ type: 'synced', upTo: Date.now() - 5 * 3_600_000, copied: 1 }),
  EtcdBackupGarbageStays: ({ listener }, round) => {
    for (let count = 0; count < (round > 1 ? 3 : 0); count++) {
      listener({ type: 'garbage', snapshot: storedFull, outcome: 'failed' });
    }
  },
};

function storesFull({ listener }: PrometheusMetrics): void {
  const snapshot = { ...storedFull, createdOn: Math.floor(Date.now() / 1_000) };
  listener({ type: 'stored', snapshot, chain: { full: snapshot, deltas: [] } });
  listener({ type: 'begun', covered: revision(snapshot.lastRevision) });
}

describe('the alerts of example/monitoring', () => {
  it('pass the tests of promtool', async () => {
    await run(join(bin, 'promtool'), ['check', 'rules', 'alerts.yaml'], { cwd: example });
    await run(join(bin, 'promtool'), ['test', 'rules', 'alerts-test.yaml'], { cwd: example });
  });

  it('fire in a Prometheus that scrapes our metrics, each under the fault that it is for, and not without', async () => {
    using dir = makeTempDir();
    const rules: Rules = parse(readFileSync(`${example}/alerts.yaml`, 'utf8'));
    const alerts = rules.groups.flatMap((group) => group.rules);
    assert.deepEqual(alerts.map(({ alert }) => alert).toSorted(), Object.keys(faults).toSorted());
    const soon = {
      groups: rules.groups.map((group) => ({
        ...group,
        interval: '1s',
        rules: group.rules.map(({ for: _, ...rule }) => rule),
      })),
    };
    writeFileSync(dir.join('alerts.yaml'), stringify(soon));
    // One target an alert, and one without a fault.
    const targets = await Promise.all(
      [...Object.entries(faults), ['well', storesFull] as const].map(async ([name, cause]) => {
        const metrics = createPrometheusMetrics({ now: () => Date.now() });
        let round = 0;
        const server = createServer(async (_, response) => {
          try {
            cause(metrics, round++);
          } catch {
            response.writeHead(503).end();
            return;
          }
          response.setHeader('content-type', metrics.contentType).end(await metrics.text());
        });
        await new Promise<void>((resolve) => {
          server.listen(0, '127.0.0.1', resolve);
        });
        return { name, server, port: (server.address() as AddressInfo).port };
      }),
    );
    const port = await freePort();
    writeFileSync(
      dir.join('prometheus.yaml'),
      stringify({
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: [dir.join('alerts.yaml')],
        scrape_configs: targets.map(({ name, port: target }) => ({
          job_name: name,
          static_configs: [{ targets: [`127.0.0.1:${target}`] }],
        })),
      }),
    );
    const prometheus = spawn(
      join(bin, 'prometheus'),
      [
        `--config.file=${dir.join('prometheus.yaml')}`,
        `--storage.tsdb.path=${dir.join('data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    try {
      const fired = async (): Promise<readonly string[]> => {
        const response = await fetch(`http://127.0.0.1:${port}/api/v1/alerts`).catch(() => undefined);
        const body = (await response?.json()) as
          | {
              readonly data: {
                readonly alerts: readonly {
                  readonly state: string;
                  readonly labels: { readonly alertname: string; readonly job: string };
                }[];
              };
            }
          | undefined;
        return (body?.data.alerts ?? [])
          .filter(({ state }) => state === 'firing')
          .map(({ labels }) => `${labels.alertname} of ${labels.job}`);
      };
      let last: readonly string[] = [];
      await eventually(
        async () => {
          last = await fired();
          return Object.keys(faults).every((name) => last.includes(`${name} of ${name}`)) ? true : undefined;
        },
        { timeoutMs: 120_000, intervalMs: 500, describe: () => `fired: ${last.join(', ')}` },
      );
      assert.deepEqual(
        last.filter((each) => each.endsWith(' of well')),
        [],
      );
    } finally {
      prometheus.kill('SIGKILL');
      for (const { server } of targets) {
        server.closeAllConnections();
        server.close();
      }
    }
  });
});
