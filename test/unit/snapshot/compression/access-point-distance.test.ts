import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { AccessPointDistance } from '../../../../src/snapshot/compression/access-point-distance.ts';
import { seededBytes } from '../../../support/fixtures/byte-streams.ts';
import { alikeFarOff, halfNoise } from '../../../support/fixtures/half-noise.ts';

const KiB = 1024;
const BLOCK = 512 * KiB;
const FIRST_CHOICE = 8;

/** Blocks that all hold the same, one after the other. */
class SameBlocks {
  readonly distances = new AccessPointDistance(BLOCK);
  readonly #level: number;

  constructor(level = 3) {
    this.#level = level;
  }

  /** Distances for the next `count` blocks, each encoded as zlib does. */
  async next(block: Uint8Array, count: number): Promise<readonly (number | undefined)[]> {
    const size = gzipSync(block, { level: this.#level, memLevel: 9 }).length;
    const chosen: (number | undefined)[] = [];
    for (let at = 0; at < count; at++) {
      chosen.push(this.distances.next(block));
      await this.distances.encoded(block, { level: this.#level, size });
    }
    return chosen;
  }
}

/** What is chosen for contents, after small objects have ended and a sample was taken. */
async function chosenFor(block: Uint8Array, level?: number): Promise<number | undefined> {
  const blocks = new SameBlocks(level);
  const before = await blocks.next(block, FIRST_CHOICE + 1);
  assert.ok(before.every((distance) => distance === undefined));
  const [distance, ...others] = await blocks.next(block, 3);
  assert.deepEqual(others, [distance, distance]);
  return distance;
}

test('contents that are alike only near by have access points near to each other', async () => {
  assert.equal(await chosenFor(halfNoise(BLOCK)), 64 * KiB);
});

test('noise has them as well, at the level that stores it', async () => {
  assert.equal(await chosenFor(seededBytes(BLOCK, 1), 0), 64 * KiB);
});

test('contents that are alike over long distances have none', async () => {
  assert.equal(await chosenFor(alikeFarOff(BLOCK)), undefined);
  assert.equal(await chosenFor(Buffer.alloc(BLOCK)), undefined);
});

test('a block after one that shrank to much less has none', async () => {
  const blocks = new SameBlocks(0);
  const block = seededBytes(BLOCK, 1);
  await blocks.next(block, FIRST_CHOICE + 1);
  for (const [share, distance] of [
    [1, 64 * KiB],
    [0.6, BLOCK],
    [0.9, 64 * KiB],
  ] as const) {
    await blocks.distances.encoded(block, { level: 0, size: BLOCK * share });
    assert.equal(blocks.distances.next(block), distance, `${share}`);
  }
});

test('the choice is made anew for other contents', async () => {
  const blocks = new SameBlocks();
  await blocks.next(halfNoise(BLOCK), 20);
  const then = await blocks.next(alikeFarOff(BLOCK), 150);
  assert.equal(then.at(-1), undefined);
});

test('a last block that is short is no sample', async () => {
  const blocks = new SameBlocks();
  await blocks.next(halfNoise(BLOCK), FIRST_CHOICE);
  await blocks.next(halfNoise(100), 1);
  assert.deepEqual(await blocks.next(halfNoise(BLOCK), 1), [undefined]);
});
