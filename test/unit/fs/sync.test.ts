import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { syncDirectory } from '../../../src/fs/sync.ts';
import { unlessLinux } from '../../support/context/skip-reasons.ts';

test('a directory is synced; one that is absent is an error', async () => {
  using dir = makeTempDir();
  await syncDirectory(dir.path);
  await assert.rejects(syncDirectory(dir.join('absent')), { code: 'ENOENT' });
});

test('a file system that cannot sync directories is no error', { skip: unlessLinux }, async () => {
  // Like some network file systems, procfs answers EINVAL.
  await syncDirectory('/proc');
});
