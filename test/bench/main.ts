/**
 * Measures speed and memory of bin/etcdbrctl and prints them next to what the same machine needs at least.
 * Environment: `ONLY` names groups of rows (comma separated), `RUNS` sets how often each command is measured (3),
 * `STORE_MIB` how much is copied between stores (2048), half of which makes the one object that is uploaded and downloaded;
 * `IDLE_SECONDS` is how long an idle server is watched (600); `REFERENCE_ETCDBRCTL` is the path of the Go program, whose numbers are then printed too.
 */
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { builtExecutable } from '../../scripts/lab/executable.ts';
import { cacheDir } from '../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { dropCachedPages } from '../support/processes/drop-cached-pages.ts';
import { type DataSet, dataSet } from './data-set.ts';
import { operations } from './operations.ts';
import { type Row, renderTable } from './table.ts';

process.once('SIGINT', () => process.exit(130));

const wanted = process.env['ONLY']?.split(',') ?? Object.keys(operations);
const storeMebibytes = Number(process.env['STORE_MIB'] ?? 2048);
let data: Promise<DataSet> | undefined;
// On the same file system as the data set: the system's temporary directory may be memory.
const home = join(cacheDir, 'bench');
mkdirSync(home, { recursive: true });
await using scratch = makeTempDir({ parent: home });
const bench = {
  data: () => {
    data ??= dataSet();
    return data;
  },
  scratch,
  runs: Number(process.env['RUNS'] ?? 3),
  reference: process.env['REFERENCE_ETCDBRCTL'],
  storeBytes: storeMebibytes * 1024 * 1024,
};
dropCachedPages(builtExecutable());
const rows: Row[] = [];
for (const name of wanted) {
  const operation = operations[name];
  if (operation === undefined) {
    throw new Error(`ONLY=${name} is none of ${Object.keys(operations).join(', ')}`);
  }
  process.stderr.write(`${name} ...\n`);
  rows.push(...(await operation(bench)));
}
process.stdout.write(
  `\nNode ${process.version}, ${availableParallelism()} processors, medians of ${bench.runs} runs\n\n`,
);
process.stdout.write(renderTable(rows));
