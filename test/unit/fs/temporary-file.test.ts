import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { createTemporaryFile } from '../../../src/fs/temporary-file.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';

describe('createTemporaryFile', () => {
  it('makes the directories that are missing, and removes the file', async () => {
    using dir = makeTempDir();
    {
      await using file = await createTemporaryFile(dir.join('a', 'b'), 'test');
      assert.match(file.path, /\/a\/b\/etcdbrctl-test-\d+-[0-9a-f]{32}\.tmp$/);
      assert.equal(readdirSync(dir.join('a', 'b')).length, 1);
    }
    assert.deepEqual(readdirSync(dir.join('a', 'b')), []);
  });

  it('fails no work that is done when it cannot be removed, and says so', async () => {
    using dir = makeTempDir();
    const log = new RecordedLog();
    {
      await using file = await createTemporaryFile(dir.path, 'test', { log });
      rmSync(file.path);
      mkdirSync(file.path);
    }
    assert.match(log.texts[0] ?? '', /\/etcdbrctl-test-\S+ cannot be removed; a later run tries again$/);
  });

  it('fails at once in a place where no directory can be made', { timeout: 10_000 }, async () => {
    for (const directory of ['/proc/etcdbrctl', '/proc/etcdbrctl/deeper/still']) {
      await assert.rejects(createTemporaryFile(directory, 'test'), { name: 'NoNewFiles', directory: '/proc' });
    }
  });
});
