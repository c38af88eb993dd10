import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { CheckWalk } from '../../../../src/datadir/bbolt/check-walk.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { LeafPageChecker, type SoundLeaf } from '../../../../src/datadir/bbolt/leaf-page-checker.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { checkChanges } from '../../../../src/datadir/mvcc/check-changes.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect-database.ts';
import { spoilers } from '../../../support/bbolt/damage-pages.ts';
import { type BboltSample, bboltSample } from '../../../support/bbolt/sample.ts';
import { changeDatabase, PAGE_SIZE } from '../../../support/datadir/change-database.ts';
import { scatterPages } from '../../../support/datadir/scatter-pages.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';
import { seededRandom } from '../../../support/fixtures/byte-streams.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';

const ROUNDS = randomWalkLength({ usual: 6, long: 25 });
const RECORD_ROUNDS = randomWalkLength({ usual: 40, long: 100 });
const { signal } = new AbortController();

/** What a check finds, in no order, and how many pages it takes for free. */
interface Findings {
  readonly damages: readonly string[];
  readonly freePages: number;
}

/** Leaves that were found sound together. */
let checkedTogether = 0;

class CountingChecker extends LeafPageChecker {
  override soundLeaves(...request: Parameters<LeafPageChecker['soundLeaves']>): readonly SoundLeaf[] | undefined {
    const leaves = super.soundLeaves(...request);
    checkedTogether += leaves?.length ?? 0;
    return leaves;
  }
}

const checker = new CountingChecker();

/** Checks a file with each leaf by itself, or with leaves together; leaves of buckets have to hold changes. */
async function findings(file: string, way: 'one by one' | 'together'): Promise<Findings> {
  try {
    await using database = await Database.open(file);
    const { damages, freePages } = await new CheckWalk(database, {
      signal,
      visitor: {
        leaf: (path, leaf) => (path.length === 1 ? checkChanges(leaf) : undefined),
        records: (path) => (path.length === 1 ? 'changes' : 'any'),
      },
      newLeafChecker: way === 'together' ? () => checker : undefined,
    }).run();
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
  const file = writeFileIn(dir, 'db', bytes);
  const slow = await findings(file, 'one by one');
  assert.deepEqual(await findings(file, 'together'), slow);
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
    const bytes = await changeDatabase(200);
    const random = seededRandom(41);
    const below = (limit: number): number => Math.floor(random() * limit);
    const leaves = Array.from({ length: bytes.length / PAGE_SIZE }, (_, id) => id * PAGE_SIZE).filter(
      (at) =>
        bytes.readUInt32LE(at) * PAGE_SIZE === at &&
        bytes.readUInt16LE(at + 8) === 2 &&
        bytes.readUInt16LE(at + 10) > 2,
    );
    let damaged = 0;
    for (let round = 0; round < RECORD_ROUNDS; round++) {
      const copy = Buffer.from(bytes);
      const page = leaves[below(leaves.length)] ?? 0;
      const element = page + 16 + 16 * below(copy.readUInt16LE(page + 10));
      const key = element + copy.readUInt32LE(element + 4);
      const at = key + (round % 2 === 0 ? below(18) : copy.readUInt32LE(element + 8) + below(30));
      copy.writeUInt8(below(3) === 0 ? below(256) : copy.readUInt8(at) ^ (1 << below(8)), at);
      damaged += (await bothWays(copy)).damages.length > 0 ? 1 : 0;
    }
    assert.ok(damaged > RECORD_ROUNDS / 4 && damaged < RECORD_ROUNDS, `${damaged} of ${RECORD_ROUNDS}`);
  });
});

it('leaves of a sound database are checked together, wherever they are', async () => {
  const bytes = await changeDatabase(3000);
  for (const copy of [bytes, scatterPages(bytes, { pageSize: PAGE_SIZE, seed: 3 })]) {
    checkedTogether = 0;
    const { damages, freePages } = await bothWays(copy);
    assert.deepEqual(damages, []);
    assert.equal(freePages, 0);
    assert.ok(checkedTogether > 100, `${checkedTogether} leaves`);
  }
});

for (const [what, isAsked] of [
  ['of all leaves', () => true],
  ['next to leaves that are checked one by one', (request: number) => request % 3 !== 1],
] as const) {
  it(`sums ${what} give the facts of a database that checking each leaf gives`, async (t) => {
    const bytes = await changeDatabase(3000);
    for (const copy of [bytes, scatterPages(bytes, { pageSize: PAGE_SIZE, seed: 4 })]) {
      using dir = makeTempDir();
      const file = writeFileIn(dir, 'db', copy);
      let requests = 0;
      let answered = 0;
      const { soundLeaves } = LeafPageChecker.prototype;
      const some = t.mock.method(
        LeafPageChecker.prototype,
        'soundLeaves',
        function (this: LeafPageChecker, ...request: Parameters<LeafPageChecker['soundLeaves']>) {
          requests += 1;
          const found = isAsked(requests) ? soundLeaves.apply(this, request) : undefined;
          answered += found?.length ?? 0;
          return found;
        },
      );
      const facts = await inspectDatabase(file, { signal });
      some.mock.restore();
      const none = t.mock.method(LeafPageChecker.prototype, 'soundLeaves', () => undefined);
      assert.deepEqual(facts, await inspectDatabase(file, { signal }));
      none.mock.restore();
      assert.ok(answered > 50, `${answered} leaves`);
    }
  });
}

it('the keys of leaves are the same whether these are checked together or one by one', async (t) => {
  const bytes = await changeDatabase(900);
  using dir = makeTempDir();
  const file = writeFileIn(dir, 'db', scatterPages(bytes, { pageSize: PAGE_SIZE, seed: 5 }));
  const keysOf = async (): Promise<readonly object[]> => {
    const all: object[] = [];
    await inspectDatabase(file, {
      signal,
      onKeys: (pages) => {
        for (const { page, overflow, keys, prefixes } of pages) {
          all.push({
            page,
            overflow,
            keys: [...new Set(keys)].toSorted(),
            prefixes: [...new Set(prefixes)].toSorted(),
          });
        }
      },
    });
    return all;
  };
  const together = await keysOf();
  const none = t.mock.method(LeafPageChecker.prototype, 'soundLeaves', () => undefined);
  assert.deepEqual(together, await keysOf());
  none.mock.restore();
  assert.ok(together.length > 40, `${together.length} leaves`);
});
