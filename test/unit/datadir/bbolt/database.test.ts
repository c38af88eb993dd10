import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { checkDatabase } from '../../../../src/datadir/bbolt/check.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { goldenDatabase } from '../../../support/datadir/golden.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';

const { signal } = new AbortController();

test('a database with any page instead of one of its own is sound or damaged, and nothing else', async () => {
  using temp = makeTempDir();
  const bytes = goldenDatabase('etcd-3.5/gzip');
  const file = temp.join('db');
  writeFileSync(file, bytes);
  await using handle = await open(file, 'r+');
  const pages = bytes.length / 4096;
  const header = fc
    .record({
      flags: fc.constantFrom(0, 1, 2, 4, 16, 3),
      count: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 65_535 })),
      overflow: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff_ffff })),
      element: fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 60 }),
    })
    .chain((parts) => fc.integer({ min: 0, max: pages - 1 }).map((id) => ({ ...parts, id })));
  await fc.assert(
    fc.asyncProperty(
      header,
      fc.uint8Array({ maxLength: 64 }),
      async ({ id, flags, count, overflow, element }, noise) => {
        const page = Buffer.from(bytes.subarray(id * 4096, (id + 1) * 4096));
        page.writeBigUInt64LE(BigInt(id), 0);
        page.writeUInt16LE(flags, 8);
        page.writeUInt16LE(count, 10);
        page.writeUInt32LE(overflow, 12);
        for (const [place, value] of element.entries()) {
          page.writeUInt32LE(value, 16 + 4 * place);
        }
        page.set(noise, 3000);
        await handle.write(page, 0, 4096, id * 4096);
        try {
          await using database = await Database.open(file);
          await checkDatabase(database, { signal });
        } catch (error) {
          assert.ok(error instanceof Damage, error instanceof Error ? error.stack : String(error));
        } finally {
          await handle.write(bytes, id * 4096, 4096, id * 4096);
        }
      },
    ),
    { numRuns: randomWalkLength({ usual: 200, long: 2000 }) },
  );
});
