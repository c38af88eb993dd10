import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { startChild } from '../../scripts/lab/child-process.ts';
import { EtcdGateway, type Write } from '../../scripts/lab/etcd-gateway.ts';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { builtExecutable } from '../../scripts/lab/executable.ts';
import { cacheDir } from '../../scripts/lab/project-root.ts';

/** A backup of a real etcd, made once and kept. */
export interface DataSet {
  /** Container of a Local store with prefix `bench`: a full and the deltas after it. */
  readonly store: string;
  /** Paths of the full and the deltas, in chain order. */
  readonly objects: readonly string[];
  /** The full as `etcdctl snapshot save` would have written it. */
  readonly plainFull: string;
  /** Data directory of the etcd, stopped, after the last delta. */
  readonly etcdDataDir: string;
}

const keys = 100_000;
const events = 300_000;
const changedKeys = 60_000;
/** Puts in one transaction; etcd allows 128. */
const batch = 100;
const eventsPerTransaction = 10;

/** Settings of the etcd that holds the data set: room for it, and quiet, as nobody reads its log while it is measured. */
export const etcdSettings: readonly string[] = ['--quota-backend-bytes', '8589934592', '--log-level', 'error'];

/** The data set, built when it is not there: about a minute. */
export async function dataSet(): Promise<DataSet> {
  const home = join(cacheDir, 'bench', 'data-2');
  if (!existsSync(home)) {
    const unfinished = `${home}.part`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    process.stderr.write(`Building the data set in ${home}: ${keys} keys of 1 KiB, then ${events} events of 512 B\n`);
    await build(unfinished);
    renameSync(unfinished, home);
  }
  const layout = join(home, 'store/bench/v2');
  const names = readdirSync(layout).filter((name) => /^(Full|Incr)-/.test(name));
  // The start revision is the second field, so names of one kind sort in chain order; F comes before I.
  return {
    store: join(home, 'store'),
    objects: names.toSorted().map((name) => join(layout, name)),
    plainFull: join(home, 'full.db'),
    etcdDataDir: join(home, 'etcd'),
  };
}

async function build(dir: string): Promise<void> {
  const release = await etcdRelease('3.5');
  const fast = [...etcdSettings, '--unsafe-no-fsync'];
  await using etcd = await startEtcd({ release, dataDir: join(dir, 'etcd'), extraArgs: fast });
  const gateway = new EtcdGateway(etcd.clientUrl);
  await writePuts(gateway, keys, 1024);
  const store = join(dir, 'store');
  const layout = join(store, 'bench/v2');
  const objects = (): string[] =>
    existsSync(layout) ? readdirSync(layout).filter((name) => name.endsWith('.gz')) : [];
  const snapshotter = startChild(
    builtExecutable(),
    ['snapshot', '--endpoints', etcd.clientUrl, '--storage-provider', 'Local', '--store-container', store].concat([
      '--store-prefix',
      'bench',
      '--compress-snapshots',
      '--compression-policy',
      'gzip',
    ]),
    { env: {} },
  );
  await eventually(
    () => {
      if (snapshotter.hasExited()) {
        throw new Error(`the snapshotter ended:\n${snapshotter.output()}`);
      }
      return objects()[0];
    },
    { timeoutMs: 120_000 },
  );
  await writeEvents(gateway, events);
  const { revision } = await gateway.state();
  await snapshotter.end('SIGTERM');
  const last = Math.max(...objects().map((name) => Number(name.split('-')[2])));
  if (last !== revision) {
    throw new Error(`the backup ends at revision ${last}, etcd at ${revision}:\n${snapshotter.output()}`);
  }
  const full = objects().find((name) => name.startsWith('Full-')) ?? '';
  await pipeline(createReadStream(join(layout, full)), createGunzip(), createWriteStream(join(dir, 'full.db')));
}

/** Puts `count` keys with values of `size` bytes, a hundred in a transaction. */
export async function writePuts(gateway: EtcdGateway, count: number, size: number): Promise<void> {
  await inParallel(count / batch, async (n) => {
    await gateway.write(Array.from({ length: batch }, (_, index) => put(n * batch + index, size)));
  });
}

/** Puts values of 512 B, ten in a transaction, as fast as etcd takes them. */
export async function writeEvents(gateway: EtcdGateway, count: number): Promise<void> {
  await inParallel(count / eventsPerTransaction, async (n) => {
    const first = n * eventsPerTransaction;
    await gateway.write(
      Array.from({ length: eventsPerTransaction }, (_, index) => put((first + index) % changedKeys, 512)),
    );
  });
}

/** Runs `count` pieces of work, 16 at a time. */
async function inParallel(count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      await work(next++);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

const words = 'the quick brown fox jumps over a lazy dog while pods restart and leases expire in kube-system '.repeat(
  16,
);

/** Half random, half text. */
function put(n: number, size: number): Write {
  const value = Buffer.concat([randomBytes(size / 2), Buffer.from(words.slice(n % 64, (n % 64) + size / 2))]);
  return { put: `/registry/pods/namespace-${n % 100}/pod-${n.toString().padStart(6, '0')}`, value };
}
