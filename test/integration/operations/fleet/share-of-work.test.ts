import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shardOf } from '../../../../src/operations/fleet/shard-of.ts';
import { mayBeOfShare, shareOfWork } from '../../../../src/operations/fleet/share-of-work.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';

const schemes: readonly ((at: number) => string)[] = [
  (at) => `team-${at % 10}/cluster-${String(at).padStart(5, '0')}/etcd-main`,
  (at) => `cluster-${at}`,
  (at) => `shoot--project-${at % 30}--${(at * 7_919).toString(36)}/etcd-main`,
  (at) => `eu-west-${at % 3}/${at}/etcd-events`,
];
const namesOf = (scheme: (at: number) => string, length: number): readonly string[] =>
  Array.from({ length }, (_, at) => scheme(at));
const sharesOf = (names: readonly string[], count: number): readonly ReadonlySet<string>[] =>
  Array.from({ length: count }, (_, index) => shareOfWork(names, { index, count }));

/** How many names are missing from one of the two listings, one after the other. */
const missing = randomWalkLength({ usual: 120, long: 1_000 });

describe('the shares of the work', () => {
  it('hold each cluster, and of a thousand clusters the largest of ten has at most 1.15 of the mean one', () => {
    for (const scheme of schemes) {
      const names = namesOf(scheme, 1_000);
      const shares = sharesOf(names, 10);
      assert.deepEqual(new Set(shares.flatMap((share) => [...share])), new Set(names));
      const sizes = shares.map(({ size }) => size);
      assert.ok(Math.max(...sizes) <= 115, `${names[1]}: ${sizes.join(' ')}`);
      // What two shares do is done twice.
      const sum = sizes.reduce((a, b) => a + b);
      assert.ok(sum < 1_015, `${names[1]}: ${sum}`);
    }
  });

  it('leave most clusters where their names put them', () => {
    for (const scheme of schemes) {
      const names = namesOf(scheme, 1_000);
      const shares = sharesOf(names, 10);
      const stayed = names.filter((name) => shares[shardOf(name, 10)]?.has(name));
      assert.ok(stayed.length > 930, `${names[1]}: ${stayed.length}`);
    }
  });

  it('lose no cluster when each sees a listing of another moment, in which one is new or gone', () => {
    for (const scheme of schemes) {
      const names = namesOf(scheme, 1_000);
      const all = sharesOf(names, 10);
      for (let at = 0; at < missing; at++) {
        const gone = Math.floor((at * names.length) / missing);
        const fewer = names.filter((_, index) => index !== gone);
        // Half of the shares see the other listing; for each name the other half.
        const shares = all.map((share, index) =>
          (index + at) % 2 === 0 ? share : shareOfWork(fewer, { index, count: 10 }),
        );
        const done = new Set(shares.flatMap((share) => [...share]));
        assert.deepEqual(
          fewer.filter((name) => !done.has(name)),
          [],
          `without ${names[gone]}`,
        );
      }
    }
  });

  it('are those of the names alone where they are small, and all without a number', () => {
    const names = namesOf((at) => `cluster-${at}`, 50);
    for (const [index, share] of sharesOf(names, 3).entries()) {
      assert.deepEqual([...share].sort(), names.filter((name) => shardOf(name, 3) === index).sort());
    }
    assert.deepEqual([...shareOfWork(names, undefined)], names);
    assert.deepEqual(sharesOf(names, 1)[0]?.size, names.length);
  });

  it('hold only what may be in them', () => {
    const names = namesOf((at) => `cluster-${at}`, 1_000);
    for (const [index, share] of sharesOf(names, 10).entries()) {
      assert.ok([...share].every((name) => mayBeOfShare(name, { index, count: 10 })));
    }
    assert.ok(mayBeOfShare('a', undefined));
  });
});
