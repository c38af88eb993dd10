import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { checkDatabase } from '../../../../src/datadir/bbolt/check.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { FreshDatabase } from '../../../../src/datadir/bbolt/fresh-database.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { ChangeEncoder } from '../../../../src/datadir/mvcc/change-encoder.ts';
import { checkChanges } from '../../../../src/datadir/mvcc/check-changes.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect.ts';
import { newPageChecker } from '../../../../src/wasm/page-checker.ts';
import { type BboltSample, bboltSample } from '../../../support/bbolt/sample.ts';
import { spoilers } from '../../../support/bbolt/spoil.ts';
import { scattered } from '../../../support/datadir/scattered.ts';
import { written } from '../../../support/datadir/written.ts';
import { seededRandom } from '../../../support/fixtures/byte-streams.ts';

const ROUNDS = 25;
const PAGE = 4096;
const { signal } = new AbortController();

/** What a check finds, in no order, and how many pages it takes for free. */
interface Findings {
  readonly damages: readonly string[];
  readonly freePages: number;
}

const lane = newPageChecker();
/** Leaves that the lane has found sound. */
let settled = 0;
const soundLeaves = lane.soundLeaves.bind(lane);
lane.soundLeaves = (...request) => {
  const leaves = soundLeaves(...request);
  settled += leaves?.length ?? 0;
  return leaves;
};

/** Checks a file page by page, or with the lane; leaves of buckets have to hold changes. */
async function findings(file: string, way: 'page by page' | 'lane'): Promise<Findings> {
  try {
    await using database = await Database.open(file);
    const { damages, freePages } = await checkDatabase(database, {
      signal,
      visitor: { leaf: (path, leaf) => (path.length === 1 ? checkChanges(leaf) : undefined) },
      ...(way === 'lane' ? { lane: { leaves: lane, records: (path) => (path.length === 1 ? 'changes' : 'any') } } : {}),
    });
    return { damages: damages.map(({ offset, reason }) => `${offset}: ${reason}`).toSorted(), freePages };
  } catch (error) {
    if (error instanceof Damage) {
      return { damages: [error.message], freePages: 0 };
    }
    throw error;
  }
}

async function bothWays(bytes: Buffer): Promise<Findings> {
  using dir = makeTempDir();
  const file = written(dir, 'db', bytes);
  const slow = await findings(file, 'page by page');
  assert.deepEqual(await findings(file, 'lane'), slow);
  return slow;
}

describe('checking leaves below a branch at once finds what checking them one by one does:', () => {
  let sample: BboltSample | undefined;

  before(async () => {
    sample = await bboltSample();
  });

  for (const [place, [kind, spoil]] of Object.entries(spoilers).entries()) {
    it(kind, async () => {
      assert.ok(sample !== undefined);
      const random = seededRandom(7000 + place);
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = Buffer.from(sample.bytes);
        spoil(bytes, sample, (limit) => Math.floor(random() * limit));
        await bothWays(bytes);
      }
    });
  }

  it('a byte of a record of changes', async () => {
    const bytes = await changes(500);
    const random = seededRandom(41);
    const below = (limit: number): number => Math.floor(random() * limit);
    const leaves = Array.from({ length: bytes.length / PAGE }, (_, id) => id * PAGE).filter(
      (at) =>
        bytes.readUInt32LE(at) * PAGE === at && bytes.readUInt16LE(at + 8) === 2 && bytes.readUInt16LE(at + 10) > 2,
    );
    let damaged = 0;
    for (let round = 0; round < 100; round++) {
      const copy = Buffer.from(bytes);
      const page = leaves[below(leaves.length)] ?? 0;
      const element = page + 16 + 16 * below(copy.readUInt16LE(page + 10));
      const key = element + copy.readUInt32LE(element + 4);
      const at = key + (round % 2 === 0 ? below(18) : copy.readUInt32LE(element + 8) + below(30));
      copy.writeUInt8(below(3) === 0 ? below(256) : copy.readUInt8(at) ^ (1 << below(8)), at);
      damaged += (await bothWays(copy)).damages.length > 0 ? 1 : 0;
    }
    assert.ok(damaged > 25 && damaged < 100, `${damaged} of 100`);
  });
});

/** The bytes of a database with this many changes in its `key` bucket: puts and deletes, some of them over several pages. */
async function changes(count: number): Promise<Buffer> {
  using dir = makeTempDir();
  await using fresh = await FreshDatabase.create(dir.join('db'), { pageSize: PAGE });
  const encoder = new ChangeEncoder({ after: 1, bytes: 1024 });
  for (let at = 0; at < count; at++) {
    const size = at % 50 === 7 ? 20_000 : at % 90;
    const source = Buffer.concat([Buffer.from(`/registry/pods/pod-${at}`), Buffer.alloc(size, at)]);
    const keyEnd = source.length - size;
    encoder.add(source, {
      isDelete: at % 7 === 3,
      keyStart: 0,
      keyEnd,
      valueStart: keyEnd,
      valueEnd: source.length,
      createRevision: 2,
      modRevision: 2 + Math.floor(at / 3),
      version: 1 + at,
      lease: at % 5 === 0 ? -5n : 0n,
    });
  }
  async function* batches() {
    yield encoder.take();
  }
  await fresh.bucket('key', batches());
  await fresh.commit({ signal });
  return readFileSync(fresh.path);
}

it('leaves of a sound database are settled without looking at them one by one, wherever they lie', async () => {
  const bytes = await changes(3000);
  for (const copy of [bytes, scattered(bytes, { pageSize: PAGE, seed: 3 })]) {
    settled = 0;
    const { damages, freePages } = await bothWays(copy);
    assert.deepEqual(damages, []);
    assert.equal(freePages, 0);
    assert.ok(settled > 100, `${settled} leaves`);
  }
});

for (const [what, isAsked] of [
  ['of all leaves', () => true],
  ['beside leaves that are looked at one by one', (request: number) => request % 3 !== 1],
] as const) {
  it(`sums ${what} give the facts of a database that looking at each leaf gives`, async () => {
    const bytes = await changes(3000);
    for (const copy of [bytes, scattered(bytes, { pageSize: PAGE, seed: 4 })]) {
      using dir = makeTempDir();
      const file = written(dir, 'db', copy);
      const leaves = newPageChecker();
      const ask = leaves.soundLeaves.bind(leaves);
      let requests = 0;
      let answered = 0;
      leaves.soundLeaves = (...request) => {
        requests += 1;
        const found = isAsked(requests) ? ask(...request) : undefined;
        answered += found?.length ?? 0;
        return found;
      };
      assert.deepEqual(await inspectDatabase(file, { signal, leaves }), await inspectDatabase(file, { signal }));
      assert.ok(answered > 50, `${answered} leaves`);
    }
  });
}
