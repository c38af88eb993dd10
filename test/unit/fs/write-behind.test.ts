import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WriteBehind } from '../../../src/fs/write-behind.ts';

const MIB = 1024 * 1024;

test('what is written goes to the disk meanwhile, one call after the other, and a failure is left to the caller', async () => {
  const calls: PromiseWithResolvers<void>[] = [];
  const behind = new WriteBehind({
    datasync: () => {
      const call = Promise.withResolvers<void>();
      calls.push(call);
      return call.promise;
    },
  });
  const write = (mebibytes: number): void => {
    for (let at = 0; at < mebibytes; at++) {
      behind.wrote(MIB);
    }
  };
  write(23);
  assert.equal(calls.length, 0);
  write(1);
  assert.equal(calls.length, 1);
  write(100);
  assert.equal(calls.length, 1, 'the one before has not ended');
  calls[0]?.reject(new Error('EIO'));
  await Promise.allSettled(calls.map(({ promise }) => promise));
  write(1);
  assert.equal(calls.length, 2);
  calls[1]?.resolve();
  await calls[1]?.promise;
  write(23);
  assert.equal(calls.length, 2);
});
