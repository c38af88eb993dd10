import assert from 'node:assert/strict';
import { open, readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { writeAll } from '../../../src/fs/write-all.ts';
import { observeFileCalls } from '../../support/files/file-call-observer.ts';

const bytes = Buffer.from('all of it');

describe('writeAll', () => {
  for (const [what, position, expected] of [
    ['after what was written last', undefined, 'all of itall of it'],
    ['at a position', 3, '\0\0\0all of it'],
  ] as const) {
    it(`writes everything ${what}, however little is taken at a time`, async () => {
      using dir = makeTempDir();
      await using handle = await open(dir.join('file'), 'wx');
      using _ = await observeFileCalls(({ name }) => (name === '.write' ? 'half' : undefined));
      await writeAll(handle, bytes, position);
      await writeAll(handle, bytes, position);
      assert.equal(await readFile(dir.join('file'), 'latin1'), expected);
    });
  }

  it('does not try for ever when nothing is taken', async () => {
    using dir = makeTempDir();
    await using handle = await open(dir.join('file'), 'wx');
    handle.write = (async () => ({ bytesWritten: 0, buffer: bytes })) as never;
    await assert.rejects(writeAll(handle, bytes), { code: 'EIO' });
  });
});
