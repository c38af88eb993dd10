import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processWorkList } from '../../../../src/runtime/async/work-list.ts';

test('items that others lead to are worked off, so many at once', async () => {
  const done: number[] = [];
  let active = 0;
  let most = 0;
  await processWorkList(
    {
      first: [1],
      workers: 3,
      act: async (item, add) => {
        active += 1;
        most = Math.max(most, active);
        await Promise.resolve();
        done.push(item);
        for (const next of [item * 2, item * 2 + 1].filter((each) => each < 16)) {
          add(next);
        }
        active -= 1;
      },
    },
    new AbortController().signal,
  );
  assert.deepEqual(
    done.toSorted((a, b) => a - b),
    Array.from({ length: 15 }, (_, at) => at + 1),
  );
  assert.ok(most <= 3);
});

test('the first failure ends the work, also of those that wait', async () => {
  const work = processWorkList(
    { first: [1], workers: 4, act: () => Promise.reject(new Error('failed')) },
    new AbortController().signal,
  );
  await assert.rejects(work, /failed/);
});

test('the signal ends the work', async () => {
  const stop = new AbortController();
  const work = processWorkList(
    {
      first: [1],
      workers: 2,
      act: async (item, add) => {
        stop.abort(new Error('stopped'));
        add(item + 1);
      },
    },
    stop.signal,
  );
  await assert.rejects(work, /stopped/);
});
