import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { freePort } from '../../scripts/lab/free-port.ts';
import { type ScrapedMetric, scrapedSeries } from '../support/server/scraped-series.ts';
import { makeRig } from './rig.ts';
import { startedServer } from './started-server.ts';

interface Contract {
  readonly histogramBuckets: readonly string[];
  readonly series: Readonly<
    Record<string, { readonly type: string; readonly labels: Readonly<Record<string, readonly string[]>> }>
  >;
}

/** Names, labels and types of the Go program, and the values of labels that are there from the start. */
const contract: Contract = JSON.parse(
  readFileSync(new URL('../fixtures/metrics/series-of-the-contract.json', import.meta.url), 'utf8'),
);

/** Types by name, from the table of docs/server.md. */
function oursByTheDocument(): ReadonlyMap<string, string> {
  const text = readFileSync(new URL('../../docs/server.md', import.meta.url), 'utf8');
  return new Map(
    [...text.matchAll(/^\| `(etcdbr_\w+)`\s*\| (\w+)\s*\|/gm)].map(([, name = '', type = '']) => [name, type]),
  );
}

describe('a scrape of a server that has just begun', () => {
  let scraped: ReadonlyMap<string, ScrapedMetric> = new Map();
  before(async () => {
    await using rig = makeRig();
    const server = await startedServer(rig, { flags: [`--endpoints=http://127.0.0.1:${await freePort()}`] });
    scraped = scrapedSeries((await server.get('/metrics')).body);
    await server.stop();
  });

  for (const [name, { type, labels }] of Object.entries(contract.series)) {
    it(`has ${name} as the Go program has it`, () => {
      const found = scraped.get(name);
      assert.equal(found?.type, type);
      assert.deepEqual(Object.keys(found.labels).toSorted(), Object.keys(labels).toSorted());
      for (const [label, values] of Object.entries(labels)) {
        assert.deepEqual(
          values.filter((value) => !found.labels[label]?.includes(value)),
          [],
          label,
        );
      }
      const combinations = Object.values(labels).reduce((count, values) => count * values.length, 1);
      const counted = [...found.values.keys()].filter((key) => type !== 'histogram' || key.startsWith(`${name}_count`));
      assert.ok(counted.length >= combinations, [...found.values.keys()].join('\n'));
      if (type === 'histogram') {
        assert.deepEqual(
          contract.histogramBuckets.filter((bound) => !found.buckets.includes(bound)),
          [],
        );
      }
      if (!/^etcdbr_(?:network_|cluster_size)/.test(name)) {
        assert.deepEqual(
          [...found.values].filter(([, value]) => value !== 0),
          [],
        );
      }
    });
  }

  it('has beside these what docs/server.md names, and series of the runtime', () => {
    const others = [...scraped].filter(([name]) => !(name in contract.series) && !/^(?:process|nodejs)_/.test(name));
    assert.deepEqual(
      new Map(others.map(([name, { type }]) => [name, type] as const).toSorted()),
      new Map([...oursByTheDocument()].toSorted()),
    );
  });
});
