import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { GOLDEN_NAMES } from '../../../support/datadir/golden.ts';
import { seededRandom } from '../../../support/fixtures/byte-streams.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const FLIPS = 1000;
const SEED = 20_261_121;

/** The hash over everything in the restored database, or the code of the failure, which has left nothing. */
async function outcome(objects: readonly MemoryObject[]): Promise<number | string> {
  using dir = makeTempDir();
  const context = recordedContext();
  try {
    await restore(restoreRequest(dir, { store: memorySnapStore(objects) }), context);
  } catch (error) {
    assert.ok(
      error instanceof Error && error.name === 'Failure' && 'code' in error,
      String(error instanceof Error ? error.stack : error),
    );
    assert.deepEqual(readdirSync(dir.path), []);
    return String(error.code);
  }
  return (await inspectDatabase(dir.join('data', 'member', 'snap', 'db'), context)).hash;
}

function replaced(objects: readonly MemoryObject[], at: number, bytes: Uint8Array): readonly MemoryObject[] {
  return objects.map((object, index) => (index === at ? { ...object, bytes } : object));
}

describe('damaged objects', () => {
  it(`${FLIPS} flipped bits are each noticed, or change nothing of what is restored`, async (t) => {
    const random = seededRandom(SEED);
    const below = (limit: number): number => Math.floor(random() * limit);
    const sound = new Map<string, number | string>();
    for (const name of GOLDEN_NAMES) {
      sound.set(name, await outcome(goldenObjects(name)));
    }
    const tally = new Map<string, number>();
    for (let flip = 0; flip < FLIPS; flip++) {
      const name = GOLDEN_NAMES[flip % GOLDEN_NAMES.length] ?? 'etcd-3.5/gzip';
      const objects = goldenObjects(name);
      const at = below(objects.length);
      const bytes = Uint8Array.from(objects[at]?.bytes ?? []);
      const position = below(bytes.length);
      const bit = below(8);
      bytes[position] = (bytes[position] ?? 0) ^ (1 << bit);
      const found = await outcome(replaced(objects, at, bytes));
      if (typeof found === 'number') {
        assert.equal(found, sound.get(name), `bit ${bit} of byte ${position} of ${name} ${objects[at]?.key}`);
      }
      const label = typeof found === 'number' ? 'identical' : found;
      tally.set(label, (tally.get(label) ?? 0) + 1);
    }
    t.diagnostic(`seed ${SEED}: ${[...tally].map(([label, count]) => `${label} ${count}`).join(', ')}`);
    assert.ok((tally.get('snapshot_corrupt') ?? 0) > FLIPS * 0.99);
  });

  it('an object cut short anywhere is noticed', async () => {
    for (const name of GOLDEN_NAMES) {
      const objects = goldenObjects(name);
      for (const [at, { bytes }] of objects.entries()) {
        for (const length of [0, 1, 10, 31, 32, 33, 512, bytes.length >> 1, bytes.length - 33, bytes.length - 1]) {
          const found = await outcome(replaced(objects, at, bytes.subarray(0, length)));
          assert.equal(found, 'snapshot_corrupt', `${name} object ${at} cut at ${length}`);
        }
      }
    }
  });

  it('an object that more bytes follow is noticed', async () => {
    for (const name of GOLDEN_NAMES) {
      const objects = goldenObjects(name);
      for (const [at, { bytes }] of objects.entries()) {
        const found = await outcome(replaced(objects, at, Buffer.concat([bytes, Buffer.alloc(7, 'x')])));
        assert.equal(found, 'snapshot_corrupt', `${name} object ${at}`);
      }
    }
  });
});
