import assert from 'node:assert/strict';
import type { FileHandle } from 'node:fs/promises';
import { test } from 'node:test';
import { PageSink } from '../../../../src/datadir/bbolt/page-sink.ts';
import { WriteBehind } from '../../../../src/fs/write-behind.ts';

const MIB = 1024 * 1024;

/** A sink for a file that only counts, of which so many MiB were written. */
async function written(mebibytes: number, datasync: () => Promise<void>): Promise<PageSink> {
  const handle = {
    write: (_: Uint8Array, __: number, length: number) => Promise.resolve({ bytesWritten: length }),
    datasync,
  } as unknown as FileHandle;
  const sink = new PageSink(handle, { pageSize: MIB, behind: new WriteBehind(handle) });
  for (let id = 0; id < mebibytes; id++) {
    if (sink.claim(id, 1) === undefined) {
      await sink.claimNext(id, 1);
    }
  }
  return sink;
}

test('pages go to the disk while more are written', async () => {
  let calls = 0;
  const sink = await written(60, () => {
    calls++;
    return Promise.resolve();
  });
  assert.ok(calls > 0);
  await sink.end();
});

test('what fails on the way to the disk is told in the end', async () => {
  const failure = new Error('EIO');
  const sink = await written(60, () => Promise.reject(failure));
  await assert.rejects(sink.end(), failure);
});
