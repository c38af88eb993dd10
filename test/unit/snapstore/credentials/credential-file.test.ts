import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { readCredentialFile, readFieldFile } from '../../../../src/snapstore/credentials/credential-file.ts';

describe('a file of credentials', () => {
  it('is read up to a bound: a device in its place fills no memory', async () => {
    for (const read of [readCredentialFile, readFieldFile]) {
      await assert.rejects(read('/dev/zero'), /\/dev\/zero.*longer than 1048576 bytes/);
    }
  });

  it('holds a field without the byte order mark and the line ends around it', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('field'), '\ufeffvalue\r\n');
    assert.equal(await readFieldFile(dir.join('field')), 'value');
    assert.equal(await readFieldFile(dir.join('none')), undefined);
  });
});
