import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { checkDatabase } from '../../src/datadir/bbolt/check.ts';
import { Database } from '../../src/datadir/bbolt/database.ts';
import { Damage } from '../../src/datadir/damage.ts';
import { bboltFindings, bboltTool } from '../support/bbolt/bbolt-tool.ts';
import { spoilers } from '../support/bbolt/damage-pages.ts';
import { type BboltSample, bboltSample } from '../support/bbolt/sample.ts';
import { seededRandom } from '../support/fixtures/byte-streams.ts';

/** Damages of each kind. */
const ROUNDS = Number(process.env['BBOLT_ROUNDS'] ?? 25);
const SEED = Number(process.env['BBOLT_SEED'] ?? 1);

/** What our check says of a file; nothing when it finds nothing. */
async function ourFindings(file: string): Promise<string | undefined> {
  try {
    await using database = await Database.open(file);
    const { damages } = await checkDatabase(database, { signal: AbortSignal.timeout(60_000) });
    return damages.length === 0 ? undefined : damages.map(({ reason }) => reason).join('; ');
  } catch (error) {
    if (error instanceof Damage) {
      return error.message;
    }
    throw error;
  }
}

describe('whatever `bbolt check` reports, our check reports, too:', () => {
  let tool = '';
  let sample: BboltSample | undefined;

  before(async () => {
    tool = await bboltTool();
    sample = await bboltSample();
  });

  test('nothing of a sound database', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('db'), sample?.bytes ?? '');
    assert.equal(await bboltFindings(tool, dir.join('db')), undefined);
    assert.equal(await ourFindings(dir.join('db')), undefined);
  });

  for (const [place, [kind, spoil]] of Object.entries(spoilers).entries()) {
    test(`${kind} (seed ${SEED}, ${ROUNDS} times)`, async (t) => {
      assert.ok(sample !== undefined);
      using dir = makeTempDir();
      const random = seededRandom(SEED * 1000 + place);
      const draw = (limit: number): number => Math.floor(random() * limit);
      const missed: string[] = [];
      let theirs = 0;
      let ours = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = Buffer.from(sample.bytes);
        const done = spoil(bytes, sample, draw);
        writeFileSync(dir.join('db'), bytes);
        const found = await ourFindings(dir.join('db'));
        const expected = await bboltFindings(tool, dir.join('db'));
        theirs += expected === undefined ? 0 : 1;
        ours += found === undefined ? 0 : 1;
        if (expected !== undefined && found === undefined) {
          missed.push(`round ${round}, ${done}: ${expected.slice(0, 500)}`);
        }
      }
      t.diagnostic(`bbolt reports ${theirs} of ${ROUNDS}, we report ${ours}`);
      assert.deepEqual(missed, []);
    });
  }
});
