import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachInParallel } from '../../../../src/runtime/async/each-in-parallel.ts';

test('all is done, as many at once as may be; after a failure nothing more is begun', async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  const work = async (item: number): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    if (item === 7) {
      throw new Error('seven');
    }
    done.push(item);
  };
  await eachInParallel([1, 2, 3, 4, 5], 2, work);
  assert.deepEqual([done, most], [[1, 2, 3, 4, 5], 2]);
  await assert.rejects(eachInParallel([7, 8, 9, 10], 2, work), { message: 'seven' });
  assert.deepEqual(done, [1, 2, 3, 4, 5, 8]);
  await eachInParallel([], 2, work);
});
