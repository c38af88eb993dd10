import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { createTemporaryFile } from '../../../src/fs/temporary-file.ts';

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

  it('fails at once in a place where no directory can be made', { timeout: 10_000 }, async () => {
    for (const directory of ['/proc/etcdbrctl', '/proc/etcdbrctl/deeper/still']) {
      await assert.rejects(createTemporaryFile(directory, 'test'), { name: 'NoNewFiles', directory: '/proc' });
    }
  });
});
