import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from '../../scripts/lab/child-process.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { builtExecutable } from '../../scripts/lab/executable.ts';
import {
  DELTAS_WITH_HOT_KEY,
  HOT_KEY,
  type LookupData,
  lookupData,
  NAMESPACE,
  ONE_KEY,
  SCATTERED,
} from './lookup-data.ts';
import { type Bench, measure, row } from './measure.ts';
import type { Asked, CountingTask } from './store/counting-store.ts';
import type { Row } from './table.ts';

const serverScript = fileURLToPath(new URL('./store/counting-store.ts', import.meta.url));

/**
 * Lookups in a full of 1 GiB, or `LOOKUP_MIB`, in a loopback S3 that counts requests and bytes; then with 300 deltas. Throws where
 * more is read than may be.
 */
export async function benchLookup(bench: Bench): Promise<readonly Row[]> {
  const data = await lookupData(Number(process.env['LOOKUP_MIB'] ?? 1024) * 1024 * 1024);
  const size = statSync(join(data.directory, data.full)).size;
  const whole = { bytes: size, name: `a full of ${(size / 1e6).toFixed(0)} MB` };
  const rows: Row[] = [];
  const alone = [data.full];
  rows.push(
    await measured(bench, data, alone, {
      args: ['get', '-o', 'raw', ONE_KEY],
      of: whole,
      most: { share: 0.03, requests: 12 },
    }),
  );
  rows.push(await measured(bench, data, alone, { args: ['ls', NAMESPACE], of: whole, most: { share: 0.05 } }));
  rows.push(await measured(bench, data, alone, { args: ['ls', SCATTERED], of: whole, most: { share: 0.05 } }));
  const withHot = data.deltas.filter((_, at) => at % (data.deltas.length / DELTAS_WITH_HOT_KEY) === 7);
  const sizeOf = (names: readonly string[]): number =>
    names.reduce((sum, name) => sum + statSync(join(data.directory, name)).size, 0);
  const chain = { bytes: size + sizeOf(data.deltas), name: '300 deltas after it' };
  const [most, read] = [sizeOf(withHot) * 2 + size * 0.03 + data.deltas.length * 32_768, data.deltas.length * 2];
  rows.push(
    await measured(bench, data, [data.full, ...data.deltas], {
      args: ['history', HOT_KEY],
      of: chain,
      most: { share: most / chain.bytes, requests: read },
    }),
  );
  return rows;
}

async function measured(
  bench: Bench,
  { directory }: LookupData,
  names: readonly string[],
  lookup: {
    readonly args: readonly string[];
    readonly of: { readonly bytes: number; readonly name: string };
    readonly most: { readonly share: number; readonly requests?: number };
  },
): Promise<Row> {
  const task: CountingTask = { directory, names };
  const server = startChild(process.execPath, [serverScript, JSON.stringify(task)], { env: {} });
  await using _end = { [Symbol.asyncDispose]: () => server.end('SIGKILL') };
  const shown = (pattern: RegExp): Promise<string> =>
    eventually(() => pattern.exec(server.output())?.[0], { timeoutMs: 60_000 });
  const endpoint = await shown(/^http\S+(?=\n)/);
  const env = { ECS_ENDPOINT: endpoint, ECS_ACCESS_KEY_ID: 'key', ECS_SECRET_ACCESS_KEY: 'secret' };
  const store = ['--storage-provider', 'ECS', '--store-container', 'backups', '--log-level', 'error'];
  const result = await measure(bench, {
    program: builtExecutable(),
    args: [...lookup.args, ...store],
    env,
    stdoutFile: bench.scratch.join('stdout'),
  });
  process.kill(server.pid, 'SIGUSR2');
  const asked = JSON.parse(await shown(/\{.*\}(?=\n)/)) as Asked;
  // One run only warms up.
  const each = { requests: asked.requests / (bench.runs + 1), bytes: asked.bytes / (bench.runs + 1) };
  const used = { requests: each.requests, share: each.bytes / lookup.of.bytes };
  const name = `${lookup.args.join(' ')} in ${lookup.of.name}: ${used.requests} requests, ${(used.share * 100).toFixed(2)} % of its bytes`;
  if (used.share > lookup.most.share || used.requests > (lookup.most.requests ?? Number.POSITIVE_INFINITY)) {
    throw new Error(`${name}, where at most ${lookup.most.requests} and ${lookup.most.share * 100} % may be`);
  }
  return row(name, result);
}
