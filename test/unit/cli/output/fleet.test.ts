import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetTable } from '../../../../src/cli/output/fleet.ts';
import { fleetHtml } from '../../../../src/cli/output/fleet-html.ts';
import { fleetMetrics } from '../../../../src/cli/output/fleet-metrics.ts';
import { formatReport } from '../../../../src/cli/output/report.ts';
import type { FleetReport } from '../../../../src/operations/fleet/fleet-report.ts';
import { unreadable } from '../../../../src/operations/fleet/prefix-report.ts';
import { revision } from '../../../../src/revision.ts';

/** A name that a hostile store may show. */
const evil = 'x"><script>alert(1)</script>\n\u001b[31m\u202e\\\'&';

function report(): FleetReport {
  const proof = { on: 1_795_250_000, level: 'restore', sound: false, revision: 40, problems: [evil, 'b'] } as const;
  return {
    location: 's3://backups',
    at: 1_795_251_600_000,
    shard: undefined,
    lastRun: { run: evil, shards: 3, missing: [1], startedOn: 1_795_240_000, endedOn: 1_795_250_000, failed: [] },
    prefixes: [
      {
        ...unreadable('prod/a', ''),
        newest: { revision: revision(58), takenOn: 1_795_251_480, snapshots: 3, bytes: 4_096 },
        snapshots: 9,
        bytes: 9_000,
        growthPerDay: -2_048,
        proof: { ...proof, sound: true, problems: [] },
        complaints: [],
      },
      { ...unreadable(evil, evil), proof },
    ],
  };
}

test('the table has a line a cluster, its remarks and the shards that are missing', async () => {
  const text = await formatReport(fleetTable(report()), 'text');
  assert.match(text, /^prod\/a +sound +58 +2m +3 +4\.0 KiB +-2\.0 KiB +26m$/m);
  assert.match(text, /2 clusters: 1 unreadable, 1 sound/);
  assert.match(text, /MISSING: 1 shard of 3 \(1\)/);
});

test('nothing that a store names moves the cursor, breaks a line or is markup', async () => {
  const fleet = report();
  const forms = {
    text: await formatReport(fleetTable(fleet), 'text'),
    json: await formatReport(fleetTable(fleet), 'json'),
    html: fleetHtml(fleet),
    metrics: fleetMetrics(fleet),
  };
  for (const [form, text] of Object.entries(forms)) {
    assert.ok(!(text.includes('\u001b') || text.includes('\u202e')), form);
  }
  assert.doesNotMatch(forms.html, /<script|<img|url\(|src=|href=|https?:/);
  assert.ok(forms.html.includes('&lt;script&gt;'));
  // Every line of the metrics is a comment or a sample.
  for (const line of forms.metrics.trimEnd().split('\n')) {
    assert.match(line, /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{\w+="(?:[^"\\]|\\\\|\\"|\\n)*"\})? -?[\d.e+-]+)$/);
  }
  const data = JSON.parse(forms.json);
  assert.equal(data.clusters[1].prefix, evil);
  assert.equal(data.clusters[0].newestRevision, 58);
  assert.deepEqual(data.lastRun.missingShards, [1]);
});

test('metrics have a series once, also where names differ in what cannot be seen', () => {
  const names = ['a\u0007', 'a\\x07', 'a\\\\x07'];
  const metrics = fleetMetrics({ ...report(), prefixes: names.map((name) => unreadable(name, 'x')) });
  const sound = metrics.split('\n').filter((line) => line.startsWith('etcdbr_fleet_sound{'));
  assert.equal(new Set(sound).size, names.length, sound.join('\n'));
});

test('a long name is cut in the table and whole in the data', async () => {
  const long = 'n'.repeat(1_000);
  const fleet = { ...report(), prefixes: [unreadable(long, 'x')] };
  const text = await formatReport(fleetTable(fleet), 'text');
  assert.ok(text.split('\n').every((line) => line.length < 200));
  assert.ok((await formatReport(fleetTable(fleet), 'json')).includes(long));
});

test('the page shows what is wrong first, and fits a phone', () => {
  const html = fleetHtml(report());
  assert.ok(html.indexOf('class="unreadable"') < html.indexOf('class="sound"'));
  assert.match(html, /<meta name="viewport" content="width=device-width/);
  assert.match(html, /default-src 'none'/);
});
