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
/**
 * What an answer of a store takes that is not next door, ms. Ten pods have ten machines, these processes share one: with a faster store they
 * would wait for its cores, and the sharing would not show.
 */
const answerMs = 50;

/** Rows of a fleet that is listed next to the SDK alone, and of one that is verified by one process and by ten. */
export async function benchFleet(bench: Bench): Promise<readonly Row[]> {
  return [...(await benchListing(bench)), ...(await benchShards(bench))];
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

/** The store takes its time for each answer: what is measured is how the work is shared, not how fast this machine is. */
async function benchShards(bench: Bench): Promise<readonly Row[]> {
  const keys = chainNames(3).map((name) => `v2/${name}`);
  await using store = await startLoopbackStore({
    keys,
    size: 1024,
    prefixes: verifiedPrefixes,
    delayMs: answerMs,
    keeps: 'bytes',
  });
  const args = ['fleet', 'verify', '--level', 'hash', '--clusters-at-once', '1', '--max-fetchers', '1', '-o', 'json'];
  const place = ['--storage-provider', 'OCS', '--store-container', 'backups'];
  const job = { program: [builtExecutable()], args: [...args, ...place], env: credentials(bench, store.endpoint) };
  const wallMs: number[] = [];
  for (const completions of [1, pods]) {
    const startedAt = performance.now();
    const ended = await runIndexedJob({ ...job, completions });
    wallMs.push(performance.now() - startedAt);
    const failed = ended.find(({ exitCode }) => exitCode !== 0);
    if (failed !== undefined) {
      throw new Error(`pod ${failed.index} ended with ${failed.exitCode}:\n${failed.stderr}`);
    }
  }
  const [alone = 0, shared = 0] = wallMs;
  return [
    row(`${verifiedPrefixes} clusters verified by one process`, { wallMs: alone, cpuMs: 0, peakRss: 0 }),
    row(`by ${pods} processes, each a shard`, { wallMs: shared, cpuMs: 0, peakRss: 0 }, alone),
  ];
}

function credentials({ scratch }: Bench, endpoint: string): Readonly<Record<string, string>> {
  const path = scratch.join('fleet-keys.json');
  const fields = { endpoint, region: 'us-east-1', accessKeyID: 'key', secretAccessKey: 'secret' };
  writeFileSync(path, JSON.stringify(fields));
  return { OPENSHIFT_APPLICATION_CREDENTIALS_JSON: path };
}
