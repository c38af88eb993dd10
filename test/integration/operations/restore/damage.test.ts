import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect-database.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { GOLDEN_NAMES } from '../../../support/datadir/golden.ts';
import { seededRandom } from '../../../support/fixtures/byte-streams.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

/** Bits that are flipped, one at a time; a longer walk finds what is rarer. */
const FLIPS = Number(process.env['DAMAGE_FLIPS'] ?? '240');
const SEED = Number(process.env['DAMAGE_SEED'] ?? '20261121');
/** Restores at once: each of them waits for the disk most of the time. */
const AT_ONCE = 4;

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

/** Does `work` with each item, a few at once. */
async function forEach<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of left) {
        await work(item);
      }
    }),
  );
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
    const flips = Array.from({ length: FLIPS }, (_, flip) => {
      const name = GOLDEN_NAMES[flip % GOLDEN_NAMES.length] ?? 'etcd-3.5/gzip';
      const objects = goldenObjects(name);
      const at = below(objects.length);
      return { name, objects, at, position: below(objects[at]?.bytes.length ?? 0), bit: below(8) };
    });
    await forEach(flips, async ({ name, objects, at, position, bit }) => {
      const bytes = Uint8Array.from(objects[at]?.bytes ?? []);
      bytes[position] = (bytes[position] ?? 0) ^ (1 << bit);
      const found = await outcome(replaced(objects, at, bytes));
      if (typeof found === 'number') {
        assert.equal(found, sound.get(name), `bit ${bit} of byte ${position} of ${name} ${objects[at]?.key}`);
      }
      const label = typeof found === 'number' ? 'identical' : found;
      tally.set(label, (tally.get(label) ?? 0) + 1);
    });
    t.diagnostic(`seed ${SEED}: ${[...tally].map(([label, count]) => `${label} ${count}`).join(', ')}`);
    assert.ok((tally.get('snapshot_corrupt') ?? 0) > FLIPS * 0.99);
  });

  it('an object cut short anywhere is noticed', async () => {
    const cuts = GOLDEN_NAMES.flatMap((name) => {
      const objects = goldenObjects(name);
      return objects.flatMap(({ bytes }, at) =>
        [0, 1, 10, 31, 32, 33, 512, bytes.length >> 1, bytes.length - 33, bytes.length - 1].map((length) => ({
          what: `${name} object ${at} cut at ${length}`,
          damaged: replaced(objects, at, bytes.subarray(0, length)),
        })),
      );
    });
    await forEach(cuts, async ({ what, damaged }) => assert.equal(await outcome(damaged), 'snapshot_corrupt', what));
  });

  it('an object that more bytes follow is noticed', async () => {
    const longer = GOLDEN_NAMES.flatMap((name) => {
      const objects = goldenObjects(name);
      return objects.map(({ bytes }, at) => ({
        what: `${name} object ${at}`,
        damaged: replaced(objects, at, Buffer.concat([bytes, Buffer.alloc(7, 'x')])),
      }));
    });
    await forEach(longer, async ({ what, damaged }) => assert.equal(await outcome(damaged), 'snapshot_corrupt', what));
  });
});
