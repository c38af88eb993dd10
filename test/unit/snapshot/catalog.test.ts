import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogOf } from '../../../src/snapshot/catalog.ts';
import { newestChain } from '../../../src/snapshot/chain.ts';
import { snapshotNamed } from '../../support/fixtures/snapshots.ts';

function described(names: readonly string[]): readonly string[] {
  return catalogOf(names.map(snapshotNamed)).chains.map(({ base, deltas, lastRevision, missing }) => {
    const objects = [base?.name ?? 'no full', ...deltas.map(({ name }) => name)].join(' + ');
    return `${objects} -> ${lastRevision}${missing === undefined ? '' : `, missing ${missing.from}-${missing.to}`}`;
  });
}

test('each full begins a chain that holds the deltas up to the next full, oldest first', () => {
  assert.deepEqual(
    described(['Incr-90-95-104', 'Full-0-58-100', 'Incr-59-89-102', 'Full-0-89-103', 'Full-0-20-50', 'Incr-5-9-40']),
    [
      'no full + Incr-5-9-40 -> undefined, missing 1-4',
      'Full-0-20-50 -> 20',
      'Full-0-58-100 + Incr-59-89-102 -> 89',
      'Full-0-89-103 + Incr-90-95-104 -> 95',
    ],
  );
});

test('a chain with a hole ends before it, and names the deltas after it', () => {
  const names = ['Full-0-58-100', 'Incr-59-89-102', 'Incr-95-99-104'];
  assert.deepEqual(described(names), ['Full-0-58-100 + Incr-59-89-102 + Incr-95-99-104 -> 89, missing 90-94']);
  const [chain] = catalogOf(names.map(snapshotNamed)).chains;
  assert.deepEqual(
    chain?.beyond.map(({ name }) => name),
    ['Incr-95-99-104'],
  );
});

test('excluded snapshots and parts belong to no chain, but are listed', () => {
  const excluded = { ...snapshotNamed('Full-0-70-200'), excluded: true };
  const part = snapshotNamed('Full-0-58-100/0000000001');
  const catalog = catalogOf([excluded, part, snapshotNamed('Full-0-58-100')]);
  assert.equal(catalog.chains.length, 1);
  assert.deepEqual(catalog.excluded, [excluded]);
  assert.deepEqual(catalog.parts, [part]);
  assert.deepEqual(catalogOf([]).chains, []);
});

test('the last chain is what a restore takes', () => {
  const listing = ['Full-0-58-100', 'Incr-59-89-102', 'Full-0-89-103', 'Incr-90-95-104', 'Incr-92-99-104'].map(
    snapshotNamed,
  );
  const plan = newestChain(listing);
  const last = catalogOf(listing).chains.at(-1);
  assert.equal(plan.outcome, 'chain');
  assert.equal(last?.base, plan.base);
  assert.equal(last?.lastRevision, plan.lastRevision);
  assert.deepEqual(last?.notes, plan.notes);
});
