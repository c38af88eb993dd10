import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SerialQueue } from '../../../../src/runtime/async/serial-queue.ts';

test('tasks run one at a time, in their order, also after one has failed', async () => {
  const queue = new SerialQueue();
  const log: string[] = [];
  const task = (name: string) => async (): Promise<string> => {
    log.push(`${name} begins`);
    await new Promise(setImmediate);
    log.push(`${name} ends`);
    if (name === 'b') {
      throw new Error('broken');
    }
    return name;
  };
  const results = await Promise.allSettled(['a', 'b', 'c'].map((name) => queue.run(task(name))));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(log, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});
