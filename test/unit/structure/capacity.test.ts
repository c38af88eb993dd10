import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { estimate, fullsKept, type Load } from '../../../scripts/capacity/estimate.ts';
import { type Figure, figures } from '../../../scripts/capacity/figures.ts';
import { capacityDocument } from '../../../scripts/capacity-document.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

const GIB = 1024 ** 3;
const load: Load = {
  databaseBytes: GIB,
  writesPerSecond: 100,
  bytesPerWrite: 1_000,
  fullPeriod: 3_600,
  deltaPeriod: 20,
  window: 86_400,
};

describe('docs/capacity.md', () => {
  it('is up to date', () => {
    const written = readFileSync(`${projectRoot}docs/capacity.md`, 'utf8');
    assert.equal(written, capacityDocument(), 'run node scripts/write-documents.ts');
  });

  it('names tests that exist as the source of figures', () => {
    const paths = Object.values<Figure>(figures).flatMap(({ from }) => /`(test\/[^`]+)`/.exec(from)?.[1] ?? []);
    assert.ok(paths.length > 0);
    assert.deepEqual(
      paths.filter((path) => !existsSync(`${projectRoot}${path}`)),
      [],
    );
  });
});

describe('the estimate of what a backup needs', () => {
  it('counts fulls as Exponential keeps them', () => {
    assert.equal(fullsKept(3_600), 24 + 7 + 4 + 1);
    assert.equal(fullsKept(6 * 3_600), 4 + 7 + 4 + 1);
    // More often than once an hour: one an hour is kept.
    assert.equal(fullsKept(600), 24 + 7 + 4 + 1);
  });

  it('is what one computes by hand', () => {
    const needs = estimate(load);
    // 36 fulls of 0.4 GiB, and a day of 100 changes of 1,000 bytes a second.
    assert.equal(Math.round(needs.storedBytes), Math.round(36 * 0.4 * GIB + 86_400 * 100_000 * 0.56));
    assert.equal(needs.storedObjects, 36 + 4_320);
    // 720 fulls of 82 parts and 129,600 deltas of one part, two requests more each.
    assert.equal(needs.writeRequests, 720 * 84 + 129_600 * 3);
    // Five pages for each object, and six for each minute.
    assert.equal(needs.listRequests, (720 + 129_600) * 5 + 43_200 * 6);
    assert.equal(needs.readRequests, (720 + 129_600) * 3 + 43_200);
    assert.equal(needs.fullDisk, 1.4 * GIB);
  });

  it('writes no delta where nothing changes, and fewer where little does', () => {
    const idle = estimate({ ...load, writesPerSecond: 0 });
    assert.equal(idle.storedObjects, 36);
    assert.equal(idle.uploadedBytes, 720 * 0.4 * GIB);
    assert.ok(estimate({ ...load, writesPerSecond: 0.01 }).writeRequests < estimate(load).writeRequests / 3);
  });

  it('grows with the database, the changes and the window, never with a longer period', () => {
    const base = estimate(load);
    assert.ok(estimate({ ...load, databaseBytes: 2 * GIB }).storageCost > base.storageCost);
    assert.ok(estimate({ ...load, writesPerSecond: 1_000 }).restoreSeconds > base.restoreSeconds);
    assert.ok(estimate({ ...load, window: 7 * 86_400 }).requestCost > base.requestCost);
    assert.ok(estimate({ ...load, deltaPeriod: 60 }).requestCost < base.requestCost / 2);
    assert.ok(estimate({ ...load, fullPeriod: 6 * 3_600 }).uploadedBytes < base.uploadedBytes);
  });
});
