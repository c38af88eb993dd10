import { cpSync, existsSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { builtExecutable } from '../../scripts/lab/executable.ts';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import type { RunCost } from '../support/processes/measured-run.ts';
import { etcdSettings } from './data-set.ts';
import { benchFleet } from './fleet.ts';
import { benchIdle } from './idle.ts';
import { indexingRows } from './indexing.ts';
import { largeMember } from './large-member.ts';
import { benchLoaded } from './loaded.ts';
import { benchLookup } from './lookup.ts';
import { type Bench, type Command, measure, row } from './measure.ts';
import { benchPacking } from './packing.ts';
import { benchCopy, benchTransfer } from './store-operations.ts';
import type { Row } from './table.ts';
import { benchWatch } from './watching.ts';

/** Groups of rows by the name that `make bench ONLY=` takes. */
export const operations: Readonly<Record<string, (bench: Bench) => Promise<readonly Row[]>>> = {
  start: benchStart,
  restore: benchRestore,
  compact: benchCompact,
  validate: benchValidate,
  snapshot: benchSnapshot,
  packing: benchPacking,
  transfer: benchTransfer,
  copy: benchCopy,
  fleet: benchFleet,
  watch: benchWatch,
  idle: benchIdle,
  load: benchLoaded,
  lookup: benchLookup,
};

/** The Go program joins every local container to the home directory, absolute ones as well. */
const referenceHome = { HOME: '/' };

/** One run after the other, as a pipeline through a file would be. */
function inSequence(first: RunCost, second: RunCost): RunCost {
  return {
    wallMs: first.wallMs + second.wallMs,
    cpuMs: first.cpuMs + second.cpuMs,
    peakRss: Math.max(first.peakRss, second.peakRss),
  };
}

/** The least that whatever reads these objects must do. */
function floorOf(...objects: readonly string[]): Command {
  return { program: process.execPath, args: [join(projectRoot, 'test/bench/floor.ts'), ...objects] };
}

async function benchStart(bench: Bench): Promise<readonly Row[]> {
  const version: Command = { program: builtExecutable(), args: ['--version'], intervalMs: 0 };
  const empty: Command = { program: process.execPath, args: ['--eval', ''], intervalMs: 0 };
  const many = { ...bench, runs: 15 };
  const floor = await measure(many, empty);
  return [
    row('bare Node, empty script', floor),
    row('etcdbrctl --version', await measure(many, version), floor.wallMs),
  ];
}

async function benchRestore(bench: Bench): Promise<readonly Row[]> {
  const { scratch, reference } = bench;
  const data = await bench.data();
  const dataDir = scratch.join('restored');
  const prepare = (): void => rmSync(dataDir, { recursive: true, force: true });
  const flags = ['--storage-provider', 'Local', '--store-container', data.store, '--store-prefix', 'bench'];
  const args = ['restore', ...flags, '--data-dir', dataDir];
  const floor = await measure(bench, floorOf(...data.objects));
  const [full = ''] = data.objects;
  const fullFloor = await measure(bench, floorOf(full));
  const rows = [
    row('one Node: gunzip + sha256', floor),
    row(
      'etcdbrctl restore, full + deltas (at most 1.1 and 300 MB)',
      await measure(bench, { program: builtExecutable(), args, prepare }),
      floor.wallMs,
    ),
    row('one Node: gunzip + sha256 of the full', fullFloor),
    row(
      'etcdbrctl restore, full alone (at most 0.75)',
      await measure(bench, { program: builtExecutable(), args: [...args, '--snapshot', basename(full)], prepare }),
      fullFloor.wallMs,
    ),
  ];
  if (reference !== undefined) {
    const peer: Command = { program: reference, args, prepare, env: referenceHome };
    const measured = await measure({ ...bench, runs: 1 }, peer);
    // It ends with 0 after some failures, too.
    const outcome = existsSync(join(dataDir, 'member/snap/db')) ? '' : ' (failed)';
    rows.push(row(`Go etcdbrctl restore${outcome}`, measured, floor.wallMs));
  }
  const { etcdutl } = await etcdRelease('3.5');
  if (etcdutl !== undefined) {
    const restore = ['snapshot', 'restore', data.plainFull, '--data-dir', dataDir];
    rows.push(
      row('etcdutl snapshot restore, plain full', await measure(bench, { program: etcdutl, args: restore, prepare })),
    );
  }
  prepare();
  return rows;
}

async function benchCompact(bench: Bench): Promise<readonly Row[]> {
  const data = await bench.data();
  const store = bench.scratch.join('compacted');
  // What compact writes would be the next run's source.
  const prepare = (): void => {
    rmSync(store, { recursive: true, force: true });
    cpSync(data.store, store, { recursive: true });
  };
  const floor = await measure(bench, floorOf(...data.objects));
  const flags = ['--storage-provider', 'Local', '--store-container', store, '--store-prefix', 'bench'];
  const args = ['compact', ...flags, '--restoration-temp-snapshots-dir', bench.scratch.join('temp')];
  const rows = [
    row('one Node: gunzip + sha256 of its sources', floor),
    row('etcdbrctl compact', await measure(bench, { program: builtExecutable(), args, prepare }), floor.wallMs),
  ];
  rmSync(store, { recursive: true, force: true });
  return rows;
}

async function benchValidate(bench: Bench): Promise<readonly Row[]> {
  const { reference, scratch } = bench;
  const { etcdutl } = await etcdRelease('3.5');
  if (etcdutl === undefined) {
    return [];
  }
  const dataDir = await largeMember();
  const flags = ['--storage-provider', 'Local', '--store-container', scratch.join('no-backups')];
  const args = (mode: string): string[] => ['initialize', ...flags, '--data-dir', dataDir, '--validation-mode', mode];
  const status = await measure(bench, {
    program: etcdutl,
    args: ['snapshot', 'status', join(dataDir, 'member/snap/db')],
  });
  const start = await measure(bench, { program: builtExecutable(), args: ['--version'], intervalMs: 0 });
  const rows = [row('etcdutl snapshot status, 1 GiB', status), row('etcdbrctl --version', start)];
  for (const [mode, floor] of [
    ['full', status],
    ['sanity', start],
  ] as const) {
    const ours: Command = { program: builtExecutable(), args: args(mode) };
    rows.push(row(`etcdbrctl initialize, ${mode}`, await measure(bench, ours), floor.wallMs));
    if (reference !== undefined) {
      const peer: Command = { program: reference, args: args(mode), env: referenceHome };
      rows.push(row(`Go etcdbrctl initialize, ${mode}`, await measure(bench, peer), floor.wallMs));
    }
  }
  return rows;
}

async function benchSnapshot(bench: Bench): Promise<readonly Row[]> {
  const { scratch } = bench;
  const release = await etcdRelease('3.5');
  const dataDir = scratch.join('member');
  // etcd writes to it, and the original is to stay as it is.
  cpSync(await largeMember(), dataDir, { recursive: true });
  await using etcd = await startEtcd({ release, dataDir, extraArgs: [...etcdSettings, '--unsafe-no-fsync'] });
  const file = scratch.join('saved.db');
  const compressed = scratch.join('saved.gz');
  const store = scratch.join('store');
  const save: Command = {
    program: release.etcdctl,
    args: ['--endpoints', etcd.clientUrl, 'snapshot', 'save', file],
    env: { ETCDCTL_API: '3' },
  };
  const gzip: Command = {
    program: 'gzip',
    args: ['-6', '-c', file],
    stdoutFile: compressed,
    env: { PATH: process.env['PATH'] },
  };
  const ours: Command = {
    program: builtExecutable(),
    args: [
      'snapshot',
      '--once',
      ...['--endpoints', etcd.clientUrl],
      ...['--storage-provider', 'Local', '--store-container', store],
      ...['--compress-snapshots', '--compression-policy', 'gzip'],
    ],
    prepare: () => rmSync(store, { recursive: true, force: true }),
  };
  const floor = inSequence(await measure(bench, save), await measure(bench, gzip));
  const full = await measure(bench, ours);
  const rows = [
    row('etcdctl snapshot save, then gzip -6, 1 GiB', floor),
    row('etcdbrctl snapshot --once, gzip (at most 0.5 and 150 MB)', full, floor.wallMs),
    ...(await indexingRows(bench, full)),
  ];
  rmSync(store, { recursive: true, force: true });
  return rows;
}
