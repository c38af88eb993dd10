import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { builtExecutable } from '../../scripts/lab/executable.ts';
import { runIndexedJob } from '../support/fixtures/fleet-job.ts';
import { type Bench, type Command, measure, row } from './measure.ts';
import { chainNames, startLoopbackStore } from './store-operations.ts';
import type { Row } from './table.ts';

const listScript = fileURLToPath(new URL('./store/list-with-sdk.ts', import.meta.url));

const listedPrefixes = 10_000;
const listedObjects = 40;
const verifiedPrefixes = 1_000;
const pods = 10;
/** What an answer of a slow store takes, ms. */
const answerMs = 200;
/** So many clusters are waited for at once. */
const waitedFor = 4;
/** The largest share of the clusters, in parts of the mean one. */
const mostUneven = 1.2;

/** Rows of a fleet that is listed next to the SDK alone, and of one that is verified by one process and by ten. */
export async function benchFleet(bench: Bench): Promise<readonly Row[]> {
  return [...(await benchListing(bench)), ...(await benchWork(bench)), ...(await benchWaiting(bench))];
}

async function benchListing(bench: Bench): Promise<readonly Row[]> {
  const keys = chainNames(listedObjects).map((name) => `v2/${name}`);
  await using store = await startLoopbackStore({ keys, size: 1024, prefixes: listedPrefixes });
  const sdk = await measure(bench, { program: process.execPath, args: [listScript, store.endpoint] });
  const list: Command = {
    program: builtExecutable(),
    args: ['fleet', 'list', '-o', 'json', '--storage-provider', 'OCS', '--store-container', 'backups'],
    env: credentials(bench, store.endpoint),
  };
  return [
    row(`${listedPrefixes} clusters of ${listedObjects} objects listed, the SDK alone`, sdk),
    row('etcdbrctl fleet list', await measure(bench, list), sdk.wallMs),
  ];
}

/**
 * How the work is shared, in CPU: ten pods have ten machines, so here one runs after the other. Each cluster is restored into a scratch
 * directory; its database is as small as they come, so that what each pod does besides (a start, a listing) weighs more than anywhere else.
 */
async function benchWork(bench: Bench): Promise<readonly Row[]> {
  await using store = await startLoopbackStore({
    ...{ keys: [], size: 1024, prefixes: verifiedPrefixes },
    golden: 'etcd-3.5/gzip',
    keeps: 'bytes',
  });
  const how = ['--level', 'restore', '--temp-dir', bench.scratch.join('fleet')];
  const job = { endpoint: store.endpoint, how, parallelism: 1 };
  const alone = await runShares(bench, { ...job, completions: 1 });
  const shared = await runShares(bench, { ...job, completions: pods });
  const largest = Math.max(...shared.pods.map(({ clusters }) => clusters)) / (verifiedPrefixes / pods);
  if (largest > mostUneven) {
    throw new Error(`the largest share has ${largest} times the clusters of the mean one`);
  }
  const whole = sumOf(alone.pods);
  const spent = (cpuMs: number) => ({ wallMs: cpuMs, cpuMs, peakRss: 0 });
  return [
    row(`CPU: ${verifiedPrefixes} clusters restored by one process`, spent(whole)),
    row(
      `CPU: the dearest of ${pods} shards, one after the other (the largest has ${largest.toFixed(2)} of the mean)`,
      spent(Math.max(...shared.pods.map(({ cpuMs }) => cpuMs))),
      whole,
    ),
    row(`CPU: the mean one of ${pods} shards`, spent(sumOf(shared.pods) / pods), whole),
  ];
}

/**
 * How the waiting is shared, all at once: the store takes so long for each answer that the processors of this machine, of which ten pods
 * would have ten times as many, are not what is waited for.
 */
async function benchWaiting(bench: Bench): Promise<readonly Row[]> {
  const keys = chainNames(3).map((name) => `v2/${name}`);
  await using store = await startLoopbackStore({
    keys,
    size: 1024,
    prefixes: verifiedPrefixes,
    delayMs: answerMs,
    keeps: 'bytes',
  });
  const how = ['--level', 'hash', '--clusters-at-once', String(waitedFor), '--max-fetchers', '1'];
  const alone = await runShares(bench, { endpoint: store.endpoint, how, completions: 1 });
  const shared = await runShares(bench, { endpoint: store.endpoint, how, completions: pods });
  return [
    row(`${verifiedPrefixes} clusters verified by one process, ${answerMs} ms an answer`, {
      ...{ wallMs: alone.wallMs, cpuMs: sumOf(alone.pods), peakRss: 0 },
    }),
    row(
      `by ${pods} processes at once, each a shard`,
      { wallMs: shared.wallMs, cpuMs: sumOf(shared.pods), peakRss: 0 },
      alone.wallMs,
    ),
  ];
}

/** A share of the work that was done. */
interface DoneShare {
  readonly clusters: number;
  /** User and system time, ms. */
  readonly cpuMs: number;
}

/** Runs the shares of a verification, each in a process. Throws when one fails. */
async function runShares(
  bench: Bench,
  job: {
    readonly endpoint: string;
    readonly how: readonly string[];
    readonly completions: number;
    readonly parallelism?: number;
  },
): Promise<{ readonly wallMs: number; readonly pods: readonly DoneShare[] }> {
  const place = ['--storage-provider', 'OCS', '--store-container', 'backups'];
  const startedAt = performance.now();
  const ended = await runIndexedJob({
    // The shell writes what its children took, in seconds, when they have ended.
    program: ['bash', '-c', '"$@"; status=$?; times >&2; exit $status', 'pod', builtExecutable()],
    args: ['fleet', 'verify', ...job.how, '-o', 'json', ...place],
    env: { PATH: process.env['PATH'] ?? '', ...credentials(bench, job.endpoint) },
    completions: job.completions,
    ...(job.parallelism === undefined ? {} : { parallelism: job.parallelism }),
  });
  const wallMs = performance.now() - startedAt;
  return {
    wallMs,
    pods: ended.map(({ index, exitCode, stdout, stderr }) => {
      if (exitCode !== 0) {
        throw new Error(`pod ${index} ended with ${exitCode}:\n${stderr}`);
      }
      const spent = [...(stderr.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
      const { clusters } = JSON.parse(stdout) as { readonly clusters: readonly unknown[] };
      return {
        clusters: clusters.length,
        cpuMs: spent.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1_000, 0),
      };
    }),
  };
}

function sumOf(shares: readonly DoneShare[]): number {
  return shares.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

function credentials({ scratch }: Bench, endpoint: string): Readonly<Record<string, string>> {
  const path = scratch.join('fleet-keys.json');
  const fields = { endpoint, region: 'us-east-1', accessKeyID: 'key', secretAccessKey: 'secret' };
  writeFileSync(path, JSON.stringify(fields));
  return { OPENSHIFT_APPLICATION_CREDENTIALS_JSON: path };
}
