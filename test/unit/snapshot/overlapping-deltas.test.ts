import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlappingDeltas } from '../../../src/snapshot/overlapping-deltas.ts';
import { snapshotNamed } from '../../support/fixtures/snapshots.ts';

function described(...names: readonly string[]): readonly string[] {
  return overlappingDeltas(names.map(snapshotNamed)).map(
    ({ delta, other, overlap }) => `${delta.name} holds ${overlap.from}-${overlap.to} as ${other.name} does`,
  );
}

test('deltas of one writer, across fulls and out of order, do not overlap', () => {
  assert.deepEqual(
    described('Incr-90-95-104', 'Full-0-58-100', 'Incr-59-89-102', 'Full-0-89-103', 'Incr-96-96-106', 'Incr-5-58-40'),
    [],
  );
});

test('a delta that begins before and ends after a full of the same writer does not overlap', () => {
  assert.deepEqual(described('Full-0-58-100', 'Incr-59-89-102', 'Full-0-80-102', 'Incr-90-95-104'), []);
});

test('concurrent writers are found by every revision that is stored twice', () => {
  assert.deepEqual(
    described('Full-0-58-100', 'Incr-59-70-101', 'Full-0-65-101', 'Incr-66-75-103', 'Incr-71-80-104', 'Incr-76-76-105'),
    [
      'Incr-66-75-103 holds 66-70 as Incr-59-70-101 does',
      'Incr-71-80-104 holds 71-75 as Incr-66-75-103 does',
      'Incr-76-76-105 holds 76-76 as Incr-71-80-104 does',
    ],
  );
  assert.deepEqual(described('Full-0-58-100', 'Incr-59-70-101', 'Incr-59-70-102'), [
    'Incr-59-70-102 holds 59-70 as Incr-59-70-101 does',
  ]);
});

test('a history that a restore abandoned is no concurrent writer', () => {
  assert.deepEqual(
    described('Full-0-58-100', 'Incr-59-89-102', 'Full-0-60-200', 'Incr-61-70-201', 'Incr-71-95-203'),
    [],
  );
});

test('parts and excluded snapshots do not count', () => {
  const excluded = { ...snapshotNamed('Incr-59-89-105'), excluded: true };
  const part = snapshotNamed('Incr-59-89-104/0000000001');
  assert.deepEqual(overlappingDeltas([snapshotNamed('Incr-59-89-102'), excluded, part]), []);
});
