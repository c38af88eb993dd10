/** What the backup of one cluster needs, by the arithmetic of docs/capacity.md: prints every number of the estimate. */
import { parseArgs } from 'node:util';
import { estimate } from './capacity/estimate.ts';

const { values } = parseArgs({
  options: {
    'database-mib': { type: 'string', default: '1024' },
    writes: { type: 'string', default: '50' },
    'bytes-per-write': { type: 'string', default: '1024' },
    'full-hours': { type: 'string', default: '1' },
    'delta-seconds': { type: 'string', default: '20' },
    'window-hours': { type: 'string', default: '24' },
  },
});
const needs = estimate({
  databaseBytes: Number(values['database-mib']) * 1024 * 1024,
  writesPerSecond: Number(values.writes),
  bytesPerWrite: Number(values['bytes-per-write']),
  fullPeriod: Number(values['full-hours']) * 3_600,
  deltaPeriod: Number(values['delta-seconds']),
  window: Number(values['window-hours']) * 3_600,
});
for (const [name, value] of Object.entries(needs)) {
  process.stdout.write(`${name.padEnd(16)} ${Number(value.toPrecision(3)).toLocaleString('en')}\n`);
}
