import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listBackups } from '../../../../src/operations/list/list.ts';
import { originsOf } from '../../../../src/operations/list/origins.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

test('a store that lists and never gives an object is asked for ten seconds where fulls come from', async () => {
  const memory = memorySnapStore([
    { key: 'v2/Full-00000000-00000058-1795251532.gz', bytes: Buffer.alloc(10_000) },
    { key: 'v2/Full-00000000-00000122-1795251540.gz', bytes: Buffer.alloc(10_000) },
  ]);
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const store: SnapStore = {
    ...memory,
    fetch: (_, { signal }) => {
      resolve();
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    },
  };
  const clock = new FakeClock();
  const context = { ...recordedContext(), clock };
  const catalog = await listBackups({ store }, context);
  const found = originsOf({ store, catalog }, context);
  await asked;
  await clock.advance(9_999);
  assert.equal(context.lines.length, 0);
  await clock.advance(1);
  assert.equal((await found).size, 0);
  assert.match(context.lines[0]?.text ?? '', /does not give what fulls say of where they come from; it is left out/);
});
