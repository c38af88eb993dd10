import { type Estimate, estimate, type Load } from './capacity/estimate.ts';
import { type Figure, figures } from './capacity/figures.ts';
import { markdownTable } from './markdown-table.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const HOUR = 3_600;

/** The clusters of the page: small, usual and large databases, and how much is written. */
const clusters: readonly Load[] = [
  [100 * MIB, 1, HOUR],
  [100 * MIB, 50, HOUR],
  [GIB, 10, HOUR],
  [GIB, 100, HOUR],
  [GIB, 1_000, HOUR],
  [8 * GIB, 100, HOUR],
  [8 * GIB, 100, 6 * HOUR],
  [8 * GIB, 1_000, 6 * HOUR],
].map(([databaseBytes = 0, writesPerSecond = 0, fullPeriod = HOUR]) => ({
  databaseBytes,
  writesPerSecond,
  fullPeriod,
  bytesPerWrite: 1_024,
  deltaPeriod: 20,
  window: 24 * HOUR,
}));

/** The text of docs/capacity.md, from the figures and the arithmetic of scripts/capacity. */
export function capacityDocument(): string {
  const rows = clusters.map((load) => ({ load, needs: estimate(load) }));
  const table = (head: readonly string[], cells: (needs: Estimate) => readonly string[]): string =>
    markdownTable(
      ['Database', 'Changes/s', 'Full every', ...head],
      rows.map(({ load, needs }) => [
        bytes(load.databaseBytes),
        String(load.writesPerSecond),
        `${load.fullPeriod / HOUR} h`,
        ...cells(needs),
      ]),
    );
  return `# Capacity

Generated from \`scripts/capacity\`; \`node scripts/write-documents.ts\` writes it anew.

What a backup needs, by the size of the database and by how much is written. For a cluster of yours:

\`\`\`console
$ node_modules/.bin/node scripts/capacity.ts --database-mib 2048 --writes 50 --bytes-per-write 1024 --full-hours 1 --window-hours 24
\`\`\`

All rows: changes of 1 KiB, a delta every 20 s (\`--delta-snapshot-period\`), every moment of the last 24 h kept
(\`--point-in-time-window 24h\`), fulls by the policy \`Exponential\`. The figures they are computed from, each with its source, are
[below](#figures). Contents that compress worse, as encrypted secrets do, take up to 2.5 times the room.

## Memory

${markdownTable(
  ['Command', 'At most'],
  [
    [
      '`snapshot`',
      `${bytes10(figures.snapshotMemory.value)}; ${bytes10(figures.outageMemory.value)} while its store does not answer`,
    ],
    ['`restore`, `compact`, `verify`', bytes10(figures.restoreMemory.value)],
    [
      '`server`, idle',
      `${bytes10(figures.serverMemory.value)}; while a proof runs, that of \`verify\` besides, in a process of its own`,
    ],
  ],
)}

None of it grows with the database. A limit of a container that counts the cache of files does not matter: the kernel frees that.

## The store

${table(['Kept', 'Objects', 'Sent a month', 'Cost of room a month', 'Cost of requests a month'], (needs) => [
  bytes(needs.storedBytes),
  count(needs.storedObjects),
  bytes(needs.uploadedBytes),
  dollars(needs.storageCost),
  dollars(needs.requestCost),
])}

Requests cost more than room for most clusters. A delta every 20 s is 130,000 a month: each is three requests that write, and a listing of
the prefix, as each round of garbage collection is (every minute): one request a thousand objects. A longer \`--delta-snapshot-period\` saves
most of it and loses as much more when all is lost; a shorter window saves pages. A large database costs by its fulls: fewer of them
(\`--schedule\`) save more than anything else, and a restore takes longer.

${table(['Requests that write', 'that list', 'that read'], (needs) => [
  count(needs.writeRequests),
  count(needs.listRequests),
  count(needs.readRequests),
])}

## Disk and time

${table(['Disk of a full', 'Time of a full', 'Disk of a restore', 'Time of a restore'], (needs) => [
  bytes(needs.fullDisk),
  seconds(needs.fullSeconds),
  bytes(needs.restoreDisk),
  seconds(needs.restoreSeconds),
])}

The times are those of two processors and of a store that is no slower: add what your network takes for the bytes. The time of a restore is the
worst one, right before the next full. \`etcdbr_estimated_restore_seconds\` is the estimate of a running server for its own chain.

Disk of a full: the database and its compressed form in \`--snapstore-temp-directory\`. Beyond it up to \`--delta-spool-limit\` (1 GiB) while the
store does not answer. Disk of a restore: the new data directory, and the same again in \`--restoration-temp-snapshots-dir\`.

## Network

A full is read from etcd once and sent to the store once, compressed. Everything is read once more by a proof, in full, once a day where
the [server](server.md#the-proof) makes it: the newest full and its deltas.

## Figures

${markdownTable(['What', 'Figure', 'From'], Object.values<Figure>(figures).map(figureRow))}

Prices are those of one provider and one region on the day this page was written, and leave out traffic and taxes; put your own into
\`scripts/capacity/figures.ts\`.
`;
}

function figureRow({ what, value, unit, from }: Figure): readonly string[] {
  const shown =
    unit === 'bytes'
      ? bytes10(value)
      : unit === 'bytes/s'
        ? `${bytes10(value)}/s`
        : unit === 'USD'
          ? price(value, what)
          : unit === 's'
            ? `${value * 1e6} µs`
            : String(value);
  return [what, shown, from];
}

function price(value: number, what: string): string {
  return what.includes('byte')
    ? `${(value * 1e9).toFixed(3)} USD a GB`
    : `${(value * 1_000).toFixed(4)} USD a thousand`;
}

function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  let rest = value;
  while (rest >= 1_000 && at < units.length - 1) {
    rest /= 1_024;
    at++;
  }
  return `${Number(rest.toPrecision(2))} ${units[at] ?? ''}`;
}

function bytes10(value: number): string {
  return `${Math.round(value / 1_000_000)} MB`;
}

function count(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString('en');
}

function dollars(value: number): string {
  return `${value.toFixed(2)} USD`;
}

function seconds(value: number): string {
  return value < 90 ? `${Math.max(1, Math.round(value))} s` : `${Math.round(value / 60)} min`;
}
