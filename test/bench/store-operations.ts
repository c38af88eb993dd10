import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../../scripts/lab/child-process.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { builtExecutable } from '../../scripts/lab/executable.ts';
import type { RunCost } from '../support/processes/measured-run.ts';
import { type Bench, type Command, measure, row } from './measure.ts';
import type { LoopbackTask } from './store/loopback-store.ts';
import type { Transfer } from './store/transfer.ts';
import type { Row } from './table.ts';

const serverScript = fileURLToPath(new URL('./store/loopback-store.ts', import.meta.url));
const transferScript = fileURLToPath(new URL('./store/transfer.ts', import.meta.url));

const partSize = 5 * 1024 * 1024;
/** The defaults of `--max-parallel-chunk-uploads` and `--max-parallel-copy-operations`. */
const parts = 5;
const copies = 10;
const copiedObjects = 200;
/** The line of a store, bytes a second each way: a network of 1 Gbit/s. */
const lineRate = 119 * 1024 * 1024;

/** A loopback store in a process of its own. */
export interface LoopbackStore extends AsyncDisposable {
  readonly endpoint: string;
}

/** Starts one. */
export async function startLoopbackStore(task: LoopbackTask): Promise<LoopbackStore> {
  const child: Child = startChild(process.execPath, [serverScript, JSON.stringify(task)], { env: {} });
  const endpoint = await eventually(
    () => {
      if (child.hasExited()) {
        throw new Error(`the loopback store ended:\n${child.output()}`);
      }
      return /^http\S+(?=\n)/.exec(child.output())?.[0];
    },
    { timeoutMs: 60_000 },
  );
  return { endpoint, [Symbol.asyncDispose]: () => child.end('SIGKILL') };
}

/** What goes through a store and how, less who does it. */
type Work = Omit<Transfer, 'by' | 'what'>;

async function measureTransfer(bench: Bench, by: Transfer['by'], what: Transfer['what'], work: Work): Promise<RunCost> {
  const transfer: Transfer = { ...work, by, what };
  return await measure(bench, { program: process.execPath, args: [transferScript, JSON.stringify(transfer)] });
}

/** Full and nine deltas, and again. */
export function chainNames(count: number): readonly string[] {
  const revision = (n: number): string => n.toString().padStart(8, '0');
  return Array.from({ length: count }, (_, n) => {
    const kind = n % 10 === 0 ? 'Full' : 'Incr';
    const from = kind === 'Full' ? 0 : n * 10 + 1;
    return `${kind}-${revision(from)}-${revision(n * 10 + 10)}-${1_700_000_000 + n}`;
  });
}

/** Rows of one object through one store, next to the SDK alone; the start-up time of both is subtracted. */
export async function benchTransfer(bench: Bench): Promise<readonly Row[]> {
  const [name = ''] = chainNames(1);
  const size = bench.storeBytes / 2;
  await using store = await startLoopbackStore({ keys: [`v2/${name}`], size });
  const work: Work = { endpoint: store.endpoint, names: [name], size, partSize, objects: 1, parts };
  const idle = await measureTransfer(bench, 'our store', 'nothing', work);
  const idleSdk = await measureTransfer(bench, 'the SDK', 'nothing', work);
  const rows = [row('a store opened and listed', idle)];
  // Downloads first: the upload replaces the object.
  for (const what of ['download', 'upload'] as const) {
    const alone = less(await measureTransfer(bench, 'the SDK', what, work), idleSdk);
    const ours = less(await measureTransfer(bench, 'our store', what, work), idle);
    rows.push(
      row(`${what} of ${megabytes(size)}, the SDK alone`, alone),
      row(`${what}, our store`, ours, alone.wallMs),
    );
  }
  return rows;
}

/** Time less that of another run; memory as it was. */
function less({ wallMs, cpuMs, peakRss }: RunCost, start: RunCost): RunCost {
  return { wallMs: wallMs - start.wallMs, cpuMs: cpuMs - start.cpuMs, peakRss };
}

/**
 * Rows of a copy between two stores, next to the slower of reading from the one and writing to the other: once as fast as
 * the machine goes, where both stores and the copy share its processors, and once with stores that have lines of their own.
 */
export async function benchCopy(bench: Bench): Promise<readonly Row[]> {
  return [...(await benchCopyAt(bench, undefined)), ...(await benchCopyAt(bench, lineRate))];
}

async function benchCopyAt(bench: Bench, rate: number | undefined): Promise<readonly Row[]> {
  const names = chainNames(copiedObjects);
  const size = Math.floor(bench.storeBytes / copiedObjects / 1024) * 1024;
  const keys = names.map((name) => `v2/${name}`);
  const line = rate === undefined ? {} : { rate };
  await using source = await startLoopbackStore({ keys, size, ...line });
  await using target = await startLoopbackStore({ keys: [], size, ...line });
  const work = { names, size, partSize, objects: copies, parts };
  const reading = await measureTransfer(bench, 'the SDK', 'download', { ...work, endpoint: source.endpoint });
  const writing = await measureTransfer(bench, 'the SDK', 'upload', { ...work, endpoint: target.endpoint });
  const copying = await measure(bench, copyCommand(bench, source, target));
  const where = rate === undefined ? 'as fast as it goes' : `stores of ${megabytes(rate)}/s`;
  return [
    row(`reading ${copiedObjects} objects, ${megabytes(size * copiedObjects)}, the SDK alone, ${where}`, reading),
    row(`writing as many, the SDK alone, ${where}`, writing),
    row(`etcdbrctl copy, ${where}`, copying, Math.max(reading.wallMs, writing.wallMs)),
  ];
}

function copyCommand({ scratch }: Bench, source: LoopbackStore, target: LoopbackStore): Command {
  const credentials = (name: string, { endpoint }: LoopbackStore): string => {
    const path = scratch.join(`${name}.json`);
    const fields = { endpoint, region: 'us-east-1', accessKeyID: 'key', secretAccessKey: 'secret' };
    writeFileSync(path, JSON.stringify(fields));
    return path;
  };
  const from = ['--source-storage-provider', 'OCS', '--source-store-container', 'backups'];
  const to = ['--storage-provider', 'OCS', '--store-container', 'backups'];
  return {
    program: builtExecutable(),
    // What was copied before is not copied again.
    args: (run) => ['copy', ...from, ...to, '--store-prefix', `run-${run}`],
    env: {
      OPENSHIFT_APPLICATION_CREDENTIALS_JSON: credentials('target', target),
      SOURCE_OPENSHIFT_APPLICATION_CREDENTIALS_JSON: credentials('source', source),
    },
  };
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
