import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { builtExecutable } from '../../scripts/lab/executable.ts';
import { startS3Server } from '../support/servers/s3-server.ts';
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
import type { Row } from './table.ts';

/** What a lookup asked of the store. */
interface Asked {
  readonly requests: number;
  readonly bytes: number;
}

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
  rows.push(await measured(bench, data, alone, { args: ['ls', SCATTERED], of: whole, most: { share: 1.1 } }));
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
  await using server = await startS3Server();
  for (const name of names) {
    const bytes = readFileSync(join(directory, name));
    server.objects.set(`v2/${name}`, { size: bytes.length, bytes, modifiedAt: Date.now() });
  }
  const asked = (): Asked => ({
    requests: [...server.calls.values()].reduce((sum, count) => sum + count, 0),
    bytes: server.sentBytes(),
  });
  let before = asked();
  const env = { ECS_ENDPOINT: server.endpoint, ECS_ACCESS_KEY_ID: 'key', ECS_SECRET_ACCESS_KEY: 'secret' };
  const store = ['--storage-provider', 'ECS', '--store-container', server.bucket, '--log-level', 'error'];
  const result = await measure(bench, {
    program: builtExecutable(),
    args: [...lookup.args, ...store],
    env,
    stdoutFile: bench.scratch.join('stdout'),
    prepare: () => {
      before = asked();
    },
  });
  const { requests, bytes } = asked();
  const used = { requests: requests - before.requests, share: (bytes - before.bytes) / lookup.of.bytes };
  const name = `${lookup.args.join(' ')} in ${lookup.of.name}: ${used.requests} requests, ${(used.share * 100).toFixed(2)} % of its bytes`;
  if (used.share > lookup.most.share || used.requests > (lookup.most.requests ?? Number.POSITIVE_INFINITY)) {
    throw new Error(`${name}, where at most ${lookup.most.requests} and ${lookup.most.share * 100} % may be`);
  }
  return row(name, result);
}
