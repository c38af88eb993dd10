import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTempDir } from '../../../../../scripts/lab/temp-dir.ts';
import { checkAndIndex } from '../../../../../src/operations/snapshot/full/check-and-index.ts';
import { Failure } from '../../../../../src/runtime/failure.ts';
import { indexFraming } from '../../../../../src/snapshot/key-index/index-framing.ts';
import { unlessLinux } from '../../../../support/context/skip-reasons.ts';
import { databaseEndingAt } from '../../../../support/etcd/scripted-cluster.ts';

test('a volume that has no room for the index of a full is named, with what to do', { skip: unlessLinux }, async () => {
  using directory = makeTempDir();
  const path = join(directory.path, 'db');
  const database = databaseEndingAt(60).subarray(0, -32);
  await writeFile(path, database);
  await using handle = await open('/dev/full', 'r+');
  const framing = indexFraming({ compression: 'gzip' });
  assert.ok(framing);
  const { checked, written } = checkAndIndex(
    path,
    {
      handle,
      tempDir: '/tmp/snapshots',
      framing,
      size: 0,
      members: [],
      contentSize: database.length,
      sealer: undefined,
    },
    {
      signal: new AbortController().signal,
      known: () => ({ takenAt: '2026-01-01T00:00:00.000Z', writtenBy: '1.0.0' }),
    },
  );
  const isNamed = (error: unknown): boolean =>
    error instanceof Failure &&
    error.code === 'temp_unwritable' &&
    /^cannot write a temporary snapshot in \/tmp\/snapshots: .*(space|room).*--snapstore-temp-directory/.test(
      error.message,
    );
  await assert.rejects(written, isNamed);
  await assert.rejects(checked, isNamed);
});
