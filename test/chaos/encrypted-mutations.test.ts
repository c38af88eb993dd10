import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { GoldenObject } from '../support/fixtures/golden-store.ts';
import { seededChoices } from '../support/fixtures/random.ts';
import { encryptedChains } from '../support/mutation/encrypted-chains.ts';
import { changeSealed } from '../support/mutation/mutate-sealed.ts';
import { readSealed, sealedReaders } from '../support/mutation/sealed-readers.ts';

/** `make test-mutations` asks for 10,000 readings of all kinds; a plain `make test` takes a small sample. */
const count = Math.ceil(Number(process.env['MUTATIONS'] ?? '150') / 25);
const seed = Number(process.env['MUTATION_SEED'] ?? '1');
const readersOfEach = 5;

let objects: readonly GoldenObject[] = [];
const sound = new Map<string, string>();

before(async () => {
  objects = await encryptedChains();
});

test('an encrypted store that was changed is refused, or read as it was', async (t) => {
  const findings: string[] = [];
  const counts = { refused: 0, answered: 0 };
  for (const [name, reader] of Object.entries(sealedReaders)) {
    const reading = await readSealed(reader, objects);
    assert.equal(reading.kind, 'answered', `${name}: ${reading.kind === 'refused' ? reading.stderr : ''}`);
    sound.set(name, reading.answer);
  }
  for (let number = 0; number < count; number++) {
    const of = seed * 1_000_003 + number;
    const random = seededChoices(of);
    const changed = await changeSealed(objects, random);
    const names = Object.keys(sealedReaders).toSorted(() => random.integer(3) - 1);
    for (const name of names.slice(0, readersOfEach)) {
      const reader = sealedReaders[name];
      assert.ok(reader);
      const finding = (text: string): void => void findings.push(`seed ${of}: ${changed.what}: ${name}: ${text}`);
      try {
        const reading = await readSealed(reader, changed.objects);
        counts[reading.kind] += 1;
        if (reading.kind === 'answered') {
          const isVerification = name.includes('verify');
          // A header that was changed may look like that of an object of others, which an older chain may have.
          const isToldUnopened = async (): Promise<boolean> => {
            const verified = await readSealed(sealedReaders['verify --level=hash'] ?? reader, changed.objects);
            return verified.kind === 'answered' && /what could be opened is sound; 1 encrypted/.test(verified.answer);
          };
          if (isVerification && changed.kind === 'contents' && !(await isToldUnopened())) {
            finding(`found nothing: ${reading.answer}`);
          } else if (!isVerification && reading.answer !== sound.get(name)) {
            finding(`answered ${firstDifference(reading.answer, sound.get(name) ?? '')}`);
          }
        }
      } catch (error) {
        finding(error instanceof Error ? error.message : String(error));
      }
    }
  }
  t.diagnostic(`${counts.refused} refused, ${counts.answered} answered`);
  assert.deepEqual(findings, []);
});

/** Where two texts part, with what comes around it. */
function firstDifference(found: string, expected: string): string {
  const at = [...expected].findIndex((letter, place) => found[place] !== letter);
  const from = Math.max(0, at - 60);
  return JSON.stringify({ found: found.slice(from, from + 200), expected: expected.slice(from, from + 200) });
}
