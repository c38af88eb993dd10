import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { checkDatabase } from '../../../../src/datadir/bbolt/check.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { decodeMeta, encodeMeta } from '../../../../src/datadir/bbolt/meta.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { twoLevelDatabase } from '../../../support/datadir/two-level-database.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';
import { seededRandom } from '../../../support/fixtures/byte-streams.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';

const signal = new AbortController().signal;
const PAGE = 4096;

/** A database with a key bucket of two levels, and the pages of that bucket: its root, and the children of that. */
const sample = await makeSample();

async function makeSample(): Promise<{ bytes: Buffer; root: number; children: readonly number[] }> {
  using dir = makeTempDir();
  const path = await twoLevelDatabase(dir);
  await using database = await Database.open(path);
  const bucket = await database.bucket('key');
  assert.ok(bucket?.root.at === 'page');
  const root = bucket.root.page;
  const page = await database.pages.page(root);
  assert.equal(page.kind, 'branch');
  const children = Array.from({ length: page.count }, (_, at) =>
    Number(page.view.getBigUint64(16 + at * 16 + 8, true)),
  );
  return { bytes: readFileSync(path), root, children };
}

/** The reasons a check gives after `change` to a copy of the sample. */
async function reasons(change: (bytes: Buffer) => void): Promise<readonly string[]> {
  using dir = makeTempDir();
  const copy = Buffer.from(sample.bytes);
  change(copy);
  await using database = await Database.open(writeFileIn(dir, 'db', copy));
  const { damages } = await checkDatabase(database, { signal });
  return damages.map(({ reason }) => reason);
}

/** Writes both metas again with some fields changed and the right checksums. */
function changeMetas(bytes: Buffer, changes: (highWater: number) => { freelist?: number }): void {
  for (const id of [0, 1] as const) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + id * PAGE, PAGE);
    const meta = decodeMeta(view, { file: '', offset: 0 });
    encodeMeta(view, id, { ...meta, ...changes(meta.highWater) });
  }
}

describe('checkDatabase', () => {
  it('finds nothing in a sound database and counts its free pages', async () => {
    using dir = makeTempDir();
    await using database = await Database.open(writeFileIn(dir, 'db', sample.bytes));
    const report = await checkDatabase(database, { signal });
    assert.deepEqual(report.damages, []);
    let used = 0;
    for (let id = 0; id < database.meta.highWater; id++) {
      used += report.usedPages.has(id) ? 1 : 0;
    }
    assert.equal(used + report.freePages, database.meta.highWater);
    assert.ok(report.freePages > 0);
  });

  it('finds a page that has the header of another', async () => {
    const [child = 0] = sample.children;
    const found = await reasons((bytes) => bytes.writeUInt32LE(child + 1, child * PAGE));
    assert.deepEqual(found, [`page ${child} has the header of page ${child + 1}`]);
  });

  it('takes a meta that was torn by a crash for no damage, as the other one is there for that', async () => {
    for (const id of [0, 1]) {
      const torn = await reasons((bytes) => bytes.fill(0, id * PAGE, (id + 1) * PAGE));
      assert.deepEqual(torn, []);
    }
  });

  it('finds a meta page that has the header of another, or is of another kind', async () => {
    for (const id of [0, 1]) {
      const renamed = await reasons((bytes) => bytes.writeUInt32LE(7, id * PAGE));
      assert.deepEqual(renamed, [`page ${id} has the header of page 7`]);
      const turned = await reasons((bytes) => bytes.writeUInt16LE(2, id * PAGE + 8));
      assert.deepEqual(turned, [`page ${id} is a leaf page where a meta is needed`]);
      const unknown = await reasons((bytes) => bytes.writeUInt16LE(0x40, id * PAGE + 8));
      assert.deepEqual(unknown, ['a page of unknown kind 0x40']);
    }
  });

  it('finds a page of another kind', async () => {
    const [child = 0] = sample.children;
    const found = await reasons((bytes) => bytes.writeUInt16LE(16, child * PAGE + 8));
    assert.match(found.join(), new RegExp(`page ${child} is a freelist page where a leaf is needed`));
  });

  it('finds a child beyond the end', async () => {
    const found = await reasons((bytes) => bytes.writeUInt32LE(9_999_999, sample.root * PAGE + 16 + 8));
    assert.match(found.join(), /page 9999999 is referred to/);
  });

  it('finds a page that two branches refer to', async () => {
    const [, second = 0] = sample.children;
    const found = await reasons((bytes) => bytes.writeUInt32LE(second, sample.root * PAGE + 16 + 8));
    assert.match(found.join(), new RegExp(`page ${second} is used twice`));
  });

  it('finds a loop', async () => {
    const found = await reasons((bytes) => bytes.writeUInt32LE(sample.root, sample.root * PAGE + 16 + 8));
    assert.match(found.join(), new RegExp(`page ${sample.root} is used twice`));
  });

  it('finds an overflow that goes too far', async () => {
    const [child = 0] = sample.children;
    const found = await reasons((bytes) => bytes.writeUInt32LE(0xffff_ffff, child * PAGE + 12));
    assert.match(found.join(), /which is too far/);
  });

  it('finds keys out of order within a leaf', async () => {
    const child = sample.children.at(-1) ?? 0;
    const found = await reasons((bytes) => {
      const [first, second] = [child * PAGE + 16, child * PAGE + 32];
      const [a, b] = [first + bytes.readUInt32LE(first + 4), second + bytes.readUInt32LE(second + 4)];
      bytes.copyWithin(b, a, a + 17);
    });
    assert.deepEqual(found, [`key 1 of page ${child} is not above the one before it`]);
  });

  it('finds keys that do not belong below their branch', async () => {
    const [first = 0, , third = 0] = sample.children;
    const firstKey = (bytes: Buffer, page: number): number => page * PAGE + 16 + bytes.readUInt32LE(page * PAGE + 20);
    const low = await reasons((bytes) => bytes.fill(0, firstKey(bytes, third), firstKey(bytes, third) + 8));
    assert.match(low.join(), new RegExp(`the first key of page ${third} is below its branch's`));
    const high = await reasons((bytes) => {
      const count = bytes.readUInt16LE(first * PAGE + 10);
      const last = first * PAGE + 16 + (count - 1) * 16;
      bytes.fill(0xff, last + bytes.readUInt32LE(last + 4), last + bytes.readUInt32LE(last + 4) + 8);
    });
    assert.match(high.join(), new RegExp(`the last key of page ${first} is not below the next branch key`));
  });

  it('finds branch keys out of order', async () => {
    const found = await reasons((bytes) => {
      const element = sample.root * PAGE + 16 + 16;
      const key = element + bytes.readUInt32LE(element);
      bytes.fill(0xff, key, key + 8);
    });
    assert.ok(found.length > 0);
    assert.match(found.join(), /is not below|is below|is not above/);
  });

  it('finds a freelist that names used pages, or none of the free ones', async () => {
    const free = sample.bytes.length / PAGE;
    const withFreelist = (ids: readonly number[]) => async (): Promise<readonly string[]> => {
      using dir = makeTempDir();
      const page = Buffer.alloc(PAGE);
      page.writeUInt32LE(free, 0);
      page.writeUInt16LE(16, 8);
      page.writeUInt16LE(ids.length, 10);
      for (const [at, id] of ids.entries()) {
        page.writeUInt32LE(id, 16 + at * 8);
      }
      const copy = Buffer.concat([sample.bytes, page]);
      changeMetas(copy, (highWater) => ({ freelist: free, highWater: highWater + 1 }));
      await using database = await Database.open(writeFileIn(dir, 'db', copy));
      return (await checkDatabase(database, { signal })).damages.map(({ reason }) => reason);
    };
    assert.match((await withFreelist([])()).join(), /is neither in use nor on the freelist/);
    assert.match((await withFreelist([sample.root])()).join(), /is in use and on the freelist/);
    assert.match((await withFreelist([5, 5])()).join(), /out of bounds or named twice/);
    assert.match((await withFreelist([1])()).join(), /out of bounds or named twice/);
  });

  it('gives a report for every random damage, and never fails otherwise', async () => {
    const random = seededRandom(7);
    const rounds = randomWalkLength({ usual: 40, long: 300 });
    for (let round = 0; round < rounds; round++) {
      using dir = makeTempDir();
      const copy = Buffer.from(sample.bytes);
      for (let change = 0; change < 4; change++) {
        copy[2 * PAGE + Math.floor(random() * (copy.length - 2 * PAGE))] = Math.floor(random() * 256);
      }
      await using database = await Database.open(writeFileIn(dir, 'db', copy));
      const { damages } = await checkDatabase(database, { signal });
      assert.ok(damages.every((damage) => damage instanceof Damage));
    }
  });
});
