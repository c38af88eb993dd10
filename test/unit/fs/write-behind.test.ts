import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WriteBehind } from '../../../src/fs/write-behind.ts';

const MIB = 1024 * 1024;

interface Trial {
  readonly behind: WriteBehind;
  readonly calls: readonly PromiseWithResolvers<void>[];
  /** Writes so many MiB, of which so many are left in the end. */
  write(mebibytes: number, left?: number): void;
}

function trial(): Trial {
  const calls: PromiseWithResolvers<void>[] = [];
  const behind = new WriteBehind({
    datasync: () => {
      const call = Promise.withResolvers<void>();
      calls.push(call);
      return call.promise;
    },
  });
  return {
    behind,
    calls,
    write: (mebibytes, left = 1_000) => {
      for (let at = 0; at < mebibytes; at++) {
        behind.wrote(MIB, { left: left * MIB });
      }
    },
  };
}

test('what is written goes to the disk meanwhile, one call after the other, and not close to the end', async () => {
  const { behind, calls, write } = trial();
  write(23);
  assert.equal(calls.length, 0);
  write(1);
  assert.equal(calls.length, 1);
  write(100);
  assert.equal(calls.length, 1, 'the one before has not ended');
  calls[0]?.resolve();
  await behind.end();
  write(1);
  assert.equal(calls.length, 2);
  calls[1]?.resolve();
  await behind.end();
  write(60, 20);
  assert.equal(calls.length, 2);
  await behind.end();
});

test('a write that failed is told in the end, as nobody who syncs later hears of it', async () => {
  const { behind, calls, write } = trial();
  write(24);
  const failure = new Error('EIO');
  calls[0]?.reject(failure);
  await assert.rejects(behind.end(), failure);
  write(24);
  calls[1]?.resolve();
  await assert.rejects(behind.end(), failure);
});
