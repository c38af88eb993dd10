import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noMetrics } from '../../../../src/metrics/backup-metrics.ts';
import { ChainState } from '../../../../src/operations/snapshot/chain-state.ts';
import type { StoredSnapshot } from '../../../../src/snapstore/snapstore.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';

type ChainLength = ChainState['length'];

function stored(name: string): StoredSnapshot {
  return { ...snapshotNamed(name), key: name, size: 1 };
}

/** Stores objects by their names and gives what is told of the chain's length after each. */
function lengthsAfter(names: readonly string[]): readonly ChainLength[] {
  const told: ChainLength[] = [];
  const chain = new ChainState({ ...noMetrics, chainLength: (length) => told.push(length) });
  for (const name of names) {
    chain.stored(stored(name));
  }
  return told;
}

test('a chain is as long as the deltas behind its full are many', () => {
  assert.deepEqual(lengthsAfter(['Full-0-10-1', 'Incr-11-20-2', 'Incr-21-25-3', 'Full-0-25-4', 'Incr-26-27-5']), [
    { deltas: 0, revisions: 0 },
    { deltas: 1, revisions: 10 },
    { deltas: 2, revisions: 15 },
    { deltas: 0, revisions: 0 },
    { deltas: 1, revisions: 2 },
  ]);
});

test('deltas that reach beyond a full stored after them belong to its chain', () => {
  // The full was read up to 22, and deltas went on meanwhile.
  assert.deepEqual(
    lengthsAfter(['Full-0-10-1', 'Incr-11-20-2', 'Incr-21-25-3', 'Incr-26-30-4', 'Full-0-22-2']).at(-1),
    {
      deltas: 2,
      revisions: 8,
    },
  );
});

test('a delta that a full holds already does not make its chain longer', () => {
  assert.deepEqual(lengthsAfter(['Full-0-20-5', 'Incr-11-20-4']).at(-1), { deltas: 0, revisions: 0 });
});
