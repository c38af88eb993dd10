import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefixesInListing } from '../../../../src/operations/fleet/prefixes-in-listing.ts';
import { verifyFleet } from '../../../../src/operations/fleet/verify-fleet.ts';
import type { Bucket } from '../../../../src/snapstore/bucket.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { bucketWith, request } from '../../../support/fixtures/fleet.ts';

const FULL = 'Full-00000000-00000058-1795251532.gz';

async function* pages(...all: readonly (readonly string[])[]) {
  for (const page of all) {
    yield page.map((key) => ({ key, size: 100, modifiedAt: 0 }));
  }
}

test('prefixes are found once, with their layouts, and not inside the folders of others', async () => {
  const keys = [
    `a/v1/Backup-1795251532/${FULL}`,
    `a/v2/${FULL}`,
    `a/v2/b/v2/${FULL}`,
    'c/other',
    `d/v2/Proof-1795251600-00000122-restore-sound.json`,
    `v2/${FULL}`,
  ];
  const expected = [
    { prefix: 'a', layouts: ['v1', 'v2'] },
    { prefix: 'd', layouts: ['v2'] },
    { prefix: '', layouts: ['v2'] },
  ];
  assert.deepEqual(await prefixesInListing(pages(keys.slice(0, 2), keys.slice(2))), expected);
  assert.equal(await prefixesInListing(pages(keys.slice(0, 2), keys.slice(2)), 3), undefined);
});

test('the shares of a small container look at no folders, and together at all of it', async () => {
  const names = Array.from({ length: 9 }, (_, at) => `team-${at % 2}/cluster-${at}`);
  const bucket = bucketWith(names, { listsByFolder: true });
  const strict: Bucket = { ...bucket, folders: () => assert.fail('it walks') };
  const how = { level: 'catalog', sample: undefined, maxFetchers: 1, atOnce: 1, run: 'run', record: false } as const;
  const shares = await Promise.all(
    [0, 1, 2].map((index) =>
      verifyFleet({ ...request(strict), ...how, tempDir: '/tmp', shard: { index, count: 3 } }, recordedContext()),
    ),
  );
  const found = shares.flatMap(({ prefixes }) => prefixes.map(({ prefix }) => prefix));
  assert.deepEqual(found.toSorted(), names.toSorted());
});
