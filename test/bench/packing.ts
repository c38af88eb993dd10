import { cpSync, createReadStream, createWriteStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { builtExecutable } from '../../scripts/lab/executable.ts';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { formatBytes } from '../../src/runtime/log/amount.ts';
import { pack } from '../../src/snapshot/packing.ts';
import { etcdSettings } from './data-set.ts';
import { largeMember } from './large-member.ts';
import { type Bench, type Command, measure, row } from './measure.ts';
import type { Row } from './table.ts';

/**
 * What the ways to pack a full cost: zstd next to gzip (at most 0.6 of the CPU, and no larger), encryption (at most 1.1 of the wall time of the same
 * without), and a restore from zstd (at most 0.5 of gunzip and sha256 in one thread).
 */
export async function benchPacking(bench: Bench): Promise<readonly Row[]> {
  return [...(await fulls(bench)), ...(await restores(bench))];
}

async function fulls(bench: Bench): Promise<readonly Row[]> {
  const { scratch } = bench;
  const dataDir = scratch.join('packed-member');
  // etcd writes to it, and the original is to stay as it is.
  cpSync(await largeMember(), dataDir, { recursive: true });
  const release = await etcdRelease('3.5');
  await using etcd = await startEtcd({ release, dataDir, extraArgs: [...etcdSettings, '--unsafe-no-fsync'] });
  const store = scratch.join('packed');
  const recipient = await identityToRecipient(await generateX25519Identity());
  const prepare = (): void => rmSync(store, { recursive: true, force: true });
  const rows: Row[] = [];
  for (const [what, flags] of [
    ['gzip', ['--compression-policy=gzip']],
    ['zstd (CPU at most 0.6 of gzip)', ['--compression-policy=zstd']],
    ['gzip, encrypted (at most 1.1)', ['--compression-policy=gzip', `--encrypt-to=${recipient}`]],
  ] as const) {
    const place = ['--storage-provider=Local', `--store-container=${store}`];
    const args = ['snapshot', '--once', `--endpoints=${etcd.clientUrl}`, ...place, ...flags];
    const measured = await measure(bench, { program: builtExecutable(), args, prepare });
    const size = formatBytes(
      readdirSync(join(store, 'v2')).reduce((sum, name) => sum + statSync(join(store, 'v2', name)).size, 0),
    );
    rows.push(row(`full of 1 GiB, ${what}, ${size}`, measured, rows[0]?.wallMs));
  }
  prepare();
  rmSync(dataDir, { recursive: true, force: true });
  return rows;
}

async function restores(bench: Bench): Promise<readonly Row[]> {
  const data = await bench.data();
  const [full = ''] = data.objects;
  const store = bench.scratch.join('zstd');
  const name = basename(full).replace(/\.gz$/, '.zst');
  mkdirSync(join(store, 'v2'), { recursive: true });
  await pipeline(
    pack(createReadStream(data.plainFull), { compression: 'zstd' }),
    createWriteStream(join(store, 'v2', name)),
  );
  const dataDir = bench.scratch.join('restored');
  const floor: Command = { program: process.execPath, args: [join(projectRoot, 'test/bench/floor.ts'), full] };
  const floorRun = await measure(bench, floor);
  const place = ['--storage-provider=Local', `--store-container=${store}`];
  const restore: Command = {
    program: builtExecutable(),
    args: ['restore', ...place, `--data-dir=${dataDir}`],
    prepare: () => rmSync(dataDir, { recursive: true, force: true }),
  };
  const rows = [
    row('one Node: gunzip + sha256 of the gzip full', floorRun),
    row('etcdbrctl restore from zstd (at most 0.5)', await measure(bench, restore), floorRun.wallMs),
  ];
  rmSync(store, { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
  return rows;
}
