import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { removeTree } from '../../../src/fs/remove-tree.ts';
import { withFileFault } from '../../support/files/file-faults.ts';

describe('removeTree', () => {
  it('removes files, links and directories, and nothing that links lead to', async () => {
    using dir = makeTempDir();
    mkdirSync(dir.join('precious'));
    writeFileSync(dir.join('precious', 'file'), '');
    mkdirSync(dir.join('tree', 'a', 'b'), { recursive: true });
    writeFileSync(dir.join('tree', 'a', 'file'), '');
    symlinkSync('../../precious', dir.join('tree', 'a', 'link'));
    symlinkSync('precious', dir.join('link'));
    await removeTree(dir.join('tree'));
    await removeTree(dir.join('link'));
    await removeTree(dir.join('missing'));
    assert.deepEqual(readdirSync(dir.path), ['precious']);
    assert.deepEqual(readdirSync(dir.join('precious')), ['file']);
  });

  it('says why a directory cannot be opened, and not that it is one', async () => {
    using dir = makeTempDir();
    mkdirSync(dir.join('tree'));
    await withFileFault({ at: 2, fault: 'ENOSPC' }, () =>
      assert.rejects(removeTree(dir.join('tree')), { code: 'ENOSPC' }),
    );
  });

  it('gives up on directories that are very deep inside each other', async () => {
    using dir = makeTempDir();
    mkdirSync(dir.join(...Array.from({ length: 600 }, () => 'd')), { recursive: true });
    await assert.rejects(removeTree(dir.join('d')), /more than 512 directories are inside each other/);
  });
});
