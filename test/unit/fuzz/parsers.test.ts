import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededChoices } from '../../support/fixtures/random.ts';
import { randomWalkLength } from '../../support/fixtures/random-walk-length.ts';
import { readCorpus, writeCorpus } from '../../support/fuzz/corpus.ts';
import { fuzz } from '../../support/fuzz/fuzz.ts';
import { fuzzedParsers, outcomeOf } from '../../support/fuzz/parsers.ts';

/** `make fuzz` asks for many more, from another seed, and keeps what is new. */
const runs = Number(process.env['FUZZ_RUNS'] ?? randomWalkLength({ usual: 4000, long: 40_000 }));
const seed = Number(process.env['FUZZ_SEED'] ?? 1);
const keeps = process.env['FUZZ_KEEP'] === 'yes';

for (const [name, parser] of Object.entries(fuzzedParsers)) {
  test(`${name}: every kept input has the outcome it was kept for`, () => {
    const corpus = readCorpus(name);
    assert.ok(corpus.size >= 3, `${corpus.size} inputs are kept`);
    for (const [outcome, bytes] of corpus) {
      assert.equal(outcomeOf(parser, bytes), outcome);
    }
  });

  test(`${name}: changed inputs are read or refused, and nothing else`, (t) => {
    const known = readCorpus(name);
    const found = fuzz(parser, { known, runs, random: seededChoices(seed) });
    t.diagnostic(`${found.size - known.size} new outcomes in addition to ${known.size}`);
    if (keeps) {
      writeCorpus(name, found);
    }
  });
}
