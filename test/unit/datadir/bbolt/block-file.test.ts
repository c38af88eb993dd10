import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { BlockFile } from '../../../../src/datadir/bbolt/block-file.ts';
import { errorText } from '../../../../src/runtime/log/error-text.ts';
import { observeFileCalls } from '../../../support/files/file-call-observer.ts';

describe('a file that the disk does not give', () => {
  for (const [how, name] of [
    ['in blocks', '.read'],
    ['in this thread', 'readSync'],
  ] as const) {
    it(`is named, read ${how}`, async () => {
      using dir = makeTempDir();
      const path = dir.join('db');
      writeFileSync(path, Buffer.alloc(8192));
      await using file = await BlockFile.open(path);
      using _ = await observeFileCalls((call) => {
        if (call.name === name) {
          throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', errno: -5, syscall: 'read' });
        }
        return undefined;
      });
      const read = async (): Promise<unknown> =>
        name === '.read' ? await file.read(0, 10) : file.readIntoSync(new Uint8Array(10), 0);
      await assert.rejects(read, (error) => {
        assert.equal(errorText(error), `cannot read ${path}: the disk reports an error (EIO); check the volume`);
        return true;
      });
    });
  }
});
