import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnedEntryBatch } from '../../../src/datadir/bbolt/entry-batch.ts';
import { deltaRecords } from '../../../src/objects/delta-records.ts';
import { deltaObject } from '../../support/fixtures/backup-objects.ts';
import { inPieces, seededBytes } from '../../support/fixtures/byte-streams.ts';
import { put } from '../../support/fixtures/delta-events.ts';

test('however many deltas are read, the memory of used batches is enough for all of them', async () => {
  const spares: OwnedEntryBatch[] = [];
  const memory = new Set<ArrayBuffer>();
  const perDelta = 1_000;
  for (let delta = 0; delta < 20; delta++) {
    const after = delta * perDelta;
    const events = Array.from({ length: perDelta }, (_, at) =>
      put(`/k/${at}`, after + 1 + at, { value: seededBytes(600, at) }),
    );
    for await (const batch of deltaRecords(inPieces(deltaObject(events).bytes, 1 << 20), { after, spares })) {
      memory.add(batch.bytes.buffer);
      spares.push(batch);
    }
  }
  assert.ok(memory.size <= 2, `${memory.size} pieces of memory`);
  assert.ok(spares.length <= 2, `${spares.length} spare batches`);
});
