import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { writePages } from '../../../src/objects/indexed-pages.ts';
import { type FoundInFull, findInFull } from '../../../src/objects/key-index.ts';
import { bytesOf, planRuns } from '../../../src/objects/member-runs.ts';
import { RangedObject } from '../../../src/objects/ranged-object.ts';
import { CompressionDamage } from '../../../src/snapshot/damage.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { seededBytes } from '../../support/fixtures/byte-streams.ts';
import { halfNoise } from '../../support/fixtures/half-noise.ts';
import { type LookupChain, lookupChain, put } from '../../support/fixtures/lookup-chain.ts';

const PAGE = 4_096;
const MEMBER = 512 * 1024;
const events = Array.from({ length: 1_500 }, (_, at) =>
  put(`/k/${at}`, Buffer.concat([seededBytes(500, at), Buffer.alloc(500, at)]), at + 2),
);
const nothing = { keys: new Set<number>(), prefixes: new Set<number>() };

interface Full extends LookupChain {
  readonly snapshot: StoredSnapshot;
  readonly index: FoundInFull;
  readonly contents: Buffer;
}

async function fullOf(
  compression: 'gzip' | 'zstd',
  options: { readonly withChecks?: boolean } = {},
  puts: readonly DeltaEvent[] = events,
): Promise<Full> {
  const chain = await lookupChain(puts, [], { compression, ...options });
  const [snapshot] = (await chain.store.list(recordedContext())).snapshots;
  assert.ok(snapshot !== undefined);
  const index = await findInFull(new RangedObject({ store: chain.store, snapshot }, recordedContext()), nothing);
  const bytes = chain.bucket.objects.get(chain.fullKey)?.bytes;
  assert.ok(index !== undefined && bytes !== undefined);
  const contents = compression === 'gzip' ? gunzipSync(bytes) : zstdDecompressSync(bytes);
  return { ...chain, snapshot, index, contents };
}

/** The pages of a full with these numbers, as they are read. */
async function pagesRead(
  { store, snapshot, index }: Full,
  pages: readonly number[],
  planned: typeof planRuns = planRuns,
): Promise<readonly Buffer[]> {
  using dir = makeTempDir();
  const found = { ...index, pages: pages.map((page) => ({ page, overflow: 0 })) };
  const handle = await open(dir.join('pages'), 'w+');
  try {
    const object = new RangedObject({ store, snapshot }, recordedContext());
    await writePages(object, planned(found), { found, handle, count: 2 });
    return await Promise.all(
      pages.map(async (page) => {
        const { buffer } = await handle.read(Buffer.alloc(PAGE), 0, PAGE, page * PAGE);
        return buffer;
      }),
    );
  } finally {
    await handle.close();
  }
}

/** A page in the first third of each member. */
function earlyPages({ contents }: Full): readonly number[] {
  return Array.from({ length: Math.floor(contents.length / MEMBER) }, (_, at) => (at * MEMBER) / PAGE + 40);
}

for (const compression of ['gzip', 'zstd'] as const) {
  const full = await fullOf(compression);

  test(`${compression}: pages are read without the ends of their members`, async () => {
    const pages = earlyPages(full);
    assert.ok(pages.length >= 3);
    full.reads.bytes = 0;
    const read = await pagesRead(full, pages);
    assert.deepEqual(
      read,
      pages.map((page) => full.contents.subarray(page * PAGE, (page + 1) * PAGE)),
    );
    assert.ok(full.reads.bytes < full.indexStart * 0.55, `${full.reads.bytes} of ${full.indexStart}`);
  });

  test(`${compression}: where more of a member is needed than it seemed, the rest is read`, async () => {
    const pages = earlyPages(full);
    const read = await pagesRead(full, pages, (found) =>
      planRuns(found).map((run) => ({ ...run, end: run.start + 5_000 })),
    );
    assert.deepEqual(
      read,
      pages.map((page) => full.contents.subarray(page * PAGE, (page + 1) * PAGE)),
    );
  });

  test(`${compression}: whatever is changed in a member, no other page comes of it`, async () => {
    const [, page = 0] = earlyPages(full);
    const [start = 0, end = 0] = full.index.members.offsets.slice(1, 3);
    const stored = full.bucket.objects.get(full.fullKey);
    assert.ok(stored !== undefined);
    const outcomes = new Set<string>();
    for (let at = start; at < end; at += 9_973) {
      const bytes = Buffer.from(stored.bytes);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
      full.bucket.objects.set(full.fullKey, { ...stored, bytes });
      const [read] = await pagesRead(full, [page]).catch((error: unknown) => {
        assert.ok(error instanceof CompressionDamage, String(error));
        return [undefined];
      });
      outcomes.add(read === undefined ? 'refused' : 'read');
      assert.ok(read?.equals(full.contents.subarray(page * PAGE, (page + 1) * PAGE)) ?? true, `byte ${at}`);
    }
    assert.deepEqual([...outcomes].toSorted(), ['read', 'refused'], 'only what is read is seen to be damaged');
  });
}

/** Large enough to have access points. */
const long = await fullOf(
  'gzip',
  {},
  Array.from({ length: 7_000 }, (_, at) => put(`/k/${at}`, halfNoise(1_000, at), at + 2)),
);

/** Pages in each eighth of the members with access points, where they begin and end. */
function pagesAfterPoints({ index }: Full): readonly number[] {
  const members = [...index.points.keys()].filter((member) => index.points[member] !== undefined);
  assert.ok(members.length >= 3, `${members.length}`);
  const pages = members
    .slice(0, 3)
    .flatMap((member) =>
      Array.from({ length: 8 }, (_, at) =>
        [0, 7, 8, 15].map((page) => member * (MEMBER / PAGE) + at * 16 + page),
      ).flat(),
    );
  return pages.filter((page) => (page + 1) * PAGE <= index.contentSize);
}

test('gzip: each page is read alone, from the access point before it', async () => {
  for (const page of pagesAfterPoints(long)) {
    long.reads.bytes = 0;
    const [read] = await pagesRead(long, [page]);
    assert.ok(read?.equals(long.contents.subarray(page * PAGE, (page + 1) * PAGE)), `page ${page}`);
    assert.ok(long.reads.bytes < 65_536, `page ${page}: ${long.reads.bytes} bytes`);
  }
});

test('gzip: pages on both sides of access points, and some of each member, are read together', async () => {
  const all = pagesAfterPoints(long);
  for (const pages of [all, all.filter((_, at) => at % 7 === 3), all.filter((_, at) => at % 5 !== 2)]) {
    const read = await pagesRead(long, pages);
    assert.deepEqual(
      read,
      pages.map((page) => long.contents.subarray(page * PAGE, (page + 1) * PAGE)),
    );
  }
});

test('gzip: a page that goes on over access points and into the next member is read', async () => {
  const [first = 0] = pagesAfterPoints(long);
  const page = first + 100;
  const overflow = 59;
  const found = { ...long.index, pages: [{ page, overflow }] };
  using dir = makeTempDir();
  await using handle = await open(dir.join('pages'), 'w+');
  const object = new RangedObject({ store: long.store, snapshot: long.snapshot }, recordedContext());
  await writePages(object, planRuns(found), { found, handle, count: 2 });
  const { buffer } = await handle.read(Buffer.alloc(60 * PAGE), 0, 60 * PAGE, page * PAGE);
  assert.ok(buffer.equals(long.contents.subarray(page * PAGE, (page + 60) * PAGE)));
});

test('gzip: where more of a part is needed than it seemed, the rest is read up to the next access point', async () => {
  for (const page of pagesAfterPoints(long).filter((_, at) => at % 3 === 0)) {
    const [read] = await pagesRead(long, [page], (found) =>
      planRuns(found).map((run) => ({ ...run, end: run.start + 900 })),
    );
    assert.ok(read?.equals(long.contents.subarray(page * PAGE, (page + 1) * PAGE)), `page ${page}`);
  }
});

test('gzip: whatever is changed after an access point, no other page comes of it', async () => {
  const stored = long.bucket.objects.get(long.fullKey) ?? assert.fail('it is stored');
  const member = long.index.points.findIndex((points) => points !== undefined);
  const [start = 0, end = 0] = long.index.members.offsets.slice(member, member + 2);
  const outcomes = new Set<string>();
  for (const page of [member * 128 + 40, member * 128 + 127]) {
    for (let at = start; at < end; at += 3_001) {
      const bytes = Buffer.from(stored.bytes);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
      long.bucket.objects.set(long.fullKey, { ...stored, bytes });
      const [read] = await pagesRead(long, [page]).catch((error: unknown) => {
        assert.ok(error instanceof CompressionDamage, String(error));
        return [undefined];
      });
      outcomes.add(read === undefined ? 'refused' : 'read');
      assert.ok(read?.equals(long.contents.subarray(page * PAGE, (page + 1) * PAGE)) ?? true, `byte ${at}`);
    }
  }
  long.bucket.objects.set(long.fullKey, stored);
  assert.deepEqual([...outcomes].toSorted(), ['read', 'refused'], 'only what is read is seen to be damaged');
});

test('an index without checksums of beginnings, as it was written once, leads to whole members', async () => {
  const full = await fullOf('gzip', { withChecks: false });
  const pages = earlyPages(full);
  const found = { ...full.index, pages: pages.map((page) => ({ page, overflow: 0 })) };
  assert.equal(full.index.checks, undefined);
  assert.equal(bytesOf(planRuns(found)), full.index.members.offsets[pages.length]);
  const [read] = await pagesRead(full, pages);
  assert.ok(read?.equals(full.contents.subarray(40 * PAGE, 41 * PAGE)));
});
