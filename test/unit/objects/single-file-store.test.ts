import assert from 'node:assert/strict';
import { chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { openSnapshotFile } from '../../../src/objects/single-file-store.ts';
import { unlessRoot } from '../../support/context/skip-reasons.ts';
import { goldenDatabase } from '../../support/datadir/golden.ts';

const somebody = 65_534;

describe('a file that root is to read, through a link', { skip: unlessRoot }, () => {
  const opened = async (file: string): Promise<string> => {
    const { store, snapshot } = await openSnapshotFile(file, { hash: 'optional' });
    await using _ = store;
    return snapshot.compression;
  };

  it('of another user to a file of somebody else is refused, whichever part of the path the link is', async () => {
    using dir = makeTempDir();
    mkdirSync(dir.join('secret'));
    writeFileSync(dir.join('secret/full'), gzipSync(goldenDatabase('etcd-3.5/gzip')));
    symlinkSync(dir.join('secret/full'), dir.join('file'));
    symlinkSync(dir.join('secret'), dir.join('folder'));
    assert.equal(await opened(dir.join('file')), 'gzip');
    lchownSync(dir.join('file'), somebody, somebody);
    lchownSync(dir.join('folder'), somebody, somebody);
    for (const [given, link] of [
      ['file', 'file'],
      ['folder/full', 'folder'],
    ] as const) {
      await assert.rejects(opened(dir.join(given)), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'denied');
        assert.ok(error.message.includes(`the link ${dir.join(link)}, which leads there, belongs to user ${somebody}`));
        assert.ok(error.message.endsWith(`if that is meant, give ${dir.join('secret/full')} itself`), error.message);
        return true;
      });
    }
  });

  it('of another user to a file of this user is followed', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('full'), gzipSync(goldenDatabase('etcd-3.5/gzip')));
    chownSync(dir.join('full'), somebody, somebody);
    symlinkSync(dir.join('full'), dir.join('file'));
    lchownSync(dir.join('file'), somebody, somebody);
    assert.equal(await opened(dir.join('file')), 'gzip');
  });
});
