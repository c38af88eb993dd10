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

/** A full of one database, with gzip and in a store of its own with zstd. */
interface PackedFull {
  readonly what: string;
  readonly gzipObject: string;
  readonly zstdStore: string;
}

/**
 * What the ways to pack a full cost: zstd next to gzip (at most 0.6 of the CPU, and no larger), encryption (at most 1.1 of the wall time of the same
 * without), and a restore from zstd (at most 0.5 of gunzip and sha256 in one thread): of a small full, where the start of the program counts, and of a
 * large one.
 */
export async function benchPacking(bench: Bench): Promise<readonly Row[]> {
  const { rows, full } = await fulls(bench);
  return [...rows, ...(await restores(bench, await smallFull(bench))), ...(await restores(bench, full))];
}

async function fulls(bench: Bench): Promise<{ readonly rows: readonly Row[]; readonly full: PackedFull }> {
  const { scratch } = bench;
  const dataDir = scratch.join('packed-member');
  // etcd writes to it, and the original is to stay as it is.
  cpSync(await largeMember(), dataDir, { recursive: true });
  const release = await etcdRelease('3.5');
  await using etcd = await startEtcd({ release, dataDir, extraArgs: [...etcdSettings, '--unsafe-no-fsync'] });
  const storeOf = (name: string): string => scratch.join(`packed-${name}`);
  const objectIn = (store: string): string => {
    const [name = ''] = readdirSync(join(store, 'v2')).filter((each) => each.startsWith('Full-'));
    return join(store, 'v2', name);
  };
  const recipient = await identityToRecipient(await generateX25519Identity());
  const rows: Row[] = [];
  for (const [name, what, flags] of [
    ['gzip', 'gzip', ['--compression-policy=gzip']],
    ['zstd', 'zstd (CPU at most 0.6 of gzip)', ['--compression-policy=zstd']],
    ['age', 'gzip, encrypted (at most 1.1)', ['--compression-policy=gzip', `--encrypt-to=${recipient}`]],
  ] as const) {
    const store = storeOf(name);
    const prepare = (): void => rmSync(store, { recursive: true, force: true });
    const place = ['--storage-provider=Local', `--store-container=${store}`];
    const args = ['snapshot', '--once', `--endpoints=${etcd.clientUrl}`, ...place, ...flags];
    const measured = await measure(bench, { program: builtExecutable(), args, prepare });
    const size = formatBytes(statSync(objectIn(store)).size);
    rows.push(row(`full of 1 GiB, ${what}, ${size}`, measured, rows[0]?.wallMs));
  }
  rmSync(storeOf('age'), { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
  const full = { what: '1 GiB', gzipObject: objectIn(storeOf('gzip')), zstdStore: storeOf('zstd') };
  return { rows, full };
}

async function smallFull(bench: Bench): Promise<PackedFull> {
  const data = await bench.data();
  const [gzipObject = ''] = data.objects;
  const zstdStore = bench.scratch.join('zstd');
  mkdirSync(join(zstdStore, 'v2'), { recursive: true });
  await pipeline(
    pack(createReadStream(data.plainFull), { compression: 'zstd' }),
    createWriteStream(join(zstdStore, 'v2', basename(gzipObject).replace(/\.gz$/, '.zst'))),
  );
  return { what: formatBytes(statSync(data.plainFull).size), gzipObject, zstdStore };
}

async function restores(bench: Bench, { what, gzipObject, zstdStore }: PackedFull): Promise<readonly Row[]> {
  const dataDir = bench.scratch.join('restored');
  const floor: Command = { program: process.execPath, args: [join(projectRoot, 'test/bench/floor.ts'), gzipObject] };
  const floorRun = await measure(bench, floor);
  const place = ['--storage-provider=Local', `--store-container=${zstdStore}`];
  const restore: Command = {
    program: builtExecutable(),
    args: ['restore', ...place, `--data-dir=${dataDir}`],
    prepare: () => rmSync(dataDir, { recursive: true, force: true }),
  };
  const rows = [
    row(`one Node: gunzip + sha256 of the gzip full, ${what}`, floorRun),
    row(`etcdbrctl restore from zstd, ${what} (at most 0.5)`, await measure(bench, restore), floorRun.wallMs),
  ];
  rmSync(zstdStore, { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
  return rows;
}
