import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { fleetHtml } from '../../src/cli/output/fleet-html.ts';
import type { FleetReport } from '../../src/operations/fleet/fleet-report.ts';
import type { PrefixReport } from '../../src/operations/fleet/prefix-report.ts';
import { revision } from '../../src/revision.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const now = Date.UTC(2026, 10, 27, 12);
const seconds = now / 1_000;

let browser: Browser;
before(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(async () => {
  await browser.close();
});

function cluster(prefix: string, changes: Partial<PrefixReport> = {}): PrefixReport {
  return {
    prefix,
    newest: { revision: revision(4_812_004), takenOn: seconds - 14, snapshots: 181, bytes: 412_000_000 },
    gap: undefined,
    concurrentWriters: 0,
    histories: 1,
    snapshots: 4_400,
    bytes: 9_300_000_000,
    growthPerDay: 1_300_000,
    proof: { on: seconds - 32_000, level: 'restore', sound: true, revision: revision(4_798_110), problems: [] },
    proofs: [],
    complaints: [],
    ...changes,
  };
}

/** A fleet with a cluster in each state, a long name among them. */
const report: FleetReport = {
  location: 's3://etcd-backup/prod',
  at: now,
  prefixes: [
    cluster('prod/team-a/blue/etcd-main'),
    cluster('prod/team-a/green/etcd-main', {
      complaints: [{ kind: 'broken', text: 'revisions 4,811,004 to 4,811,020 are missing in its newest chain' }],
      concurrentWriters: 2,
    }),
    cluster('prod/team-b/red/etcd-main', {
      proof: { on: seconds - 40_000, level: 'restore', sound: false, revision: undefined, problems: [] },
      complaints: [
        {
          kind: 'damaged',
          text: 'its last verification failed: Full-00000000-04811003-1795777200.gz: it is damaged: the compressed data cannot be expanded',
        },
      ],
    }),
    cluster('prod/team-b/yellow/etcd-main', {
      newest: { revision: revision(912), takenOn: seconds - 400_000, snapshots: 3, bytes: 61_000 },
      growthPerDay: undefined,
      proof: undefined,
      complaints: [
        { kind: 'stale', text: 'its newest state is 4 days old, and at most 1 day is allowed' },
        { kind: 'unproved', text: 'no verification of it is recorded' },
      ],
    }),
    cluster(`prod/${'a-very-long-name-of-a-team-that-does-not-end/'.repeat(4)}etcd-main`, { histories: 2 }),
    ...Array.from({ length: 4 }, (_, at) => cluster(`prod/team-c/cluster-${at}/etcd-main`)),
  ],
  shard: undefined,
  lastRun: {
    run: 'etcd-fleet-verify-29451',
    shards: 10,
    missing: [3],
    startedOn: seconds - 9_000,
    endedOn: seconds - 7_000,
    failed: [],
  },
};

const phone = { viewport: { width: 390, height: 844 } };
const desktop = { viewport: { width: 1_000, height: 640 } };
const views: readonly { readonly name: string; readonly options: BrowserContextOptions }[] = [
  { name: 'light', options: { ...desktop, colorScheme: 'light' } },
  { name: 'dark', options: { ...desktop, colorScheme: 'dark' } },
  { name: 'phone', options: { ...phone, colorScheme: 'light' } },
];

describe('the page of a fleet', () => {
  for (const { name, options } of views) {
    it(`can be read (${name}): nothing is cut off, and axe finds nothing serious`, async () => {
      const context = await browser.newContext(options);
      await using _context = { [Symbol.asyncDispose]: () => context.close() };
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
      page.on('request', (request) => void (!request.url().startsWith('file:') && complaints.push(request.url())));
      await page.setContent(fleetHtml(report));
      if (process.env['SCREENSHOTS'] === 'yes' && name !== 'light') {
        await page.screenshot({ path: `${projectRoot}docs/images/fleet-${name}.png` });
      }
      const width = options.viewport?.width ?? 0;
      assert.ok(
        Number(await page.evaluate('document.documentElement.scrollWidth')) <= width,
        'it is wider than the screen',
      );
      await page.evaluate(axe);
      const found = await page.evaluate(
        'axe.run().then(({ violations }) => violations.filter(({ impact }) => impact === "serious" || impact === "critical")' +
          '.map(({ id, nodes }) => id + ": " + nodes.map(({ html, failureSummary }) => html + failureSummary).join("; ")))',
      );
      assert.deepEqual(found, []);
      assert.deepEqual(complaints, []);
      const [first = ''] = await page.locator('tbody tr').allInnerTexts();
      assert.match(first, /damaged/, 'what is worst comes first');
    });
  }
});
