import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { fileFailure } from '../../../src/fs/file-failure.ts';
import { openFile } from '../../../src/fs/open-file.ts';

const ACCESS = ['read', 'update', 'write'] as const;

describe('openFile', () => {
  it('opens a file, through links only to read it, and makes or empties one to write it', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('file'), 'text', { mode: 0o644 });
    symlinkSync('file', dir.join('link'));
    await using read = await openFile(dir.join('link'));
    assert.equal(await read.readFile('utf8'), 'text');
    await assert.rejects(openFile(dir.join('link'), { links: 'refused' }), { code: 'ELOOP' });
    for (const access of ['update', 'write'] as const) {
      await assert.rejects(openFile(dir.join('link'), { access }), { code: 'ELOOP' });
    }
    symlinkSync('missing', dir.join('dangling'));
    await assert.rejects(openFile(dir.join('dangling'), { access: 'write' }), { code: 'ELOOP' });
    assert.equal(readFileSync(dir.join('file'), 'utf8'), 'text');
    await (await openFile(dir.join('file'), { access: 'write' })).close();
    assert.equal(readFileSync(dir.join('file'), 'utf8'), '');
    await (await openFile(dir.join('new'), { access: 'write' })).close();
    assert.equal(statSync(dir.join('new')).mode & 0o777, 0o600);
  });

  it('refuses what is no file at once, and names it', { timeout: 10_000 }, async () => {
    using dir = makeTempDir();
    execFileSync('mkfifo', [dir.join('pipe')]);
    mkdirSync(dir.join('directory'));
    const server = createServer().listen(dir.join('socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      for (const [file, kind] of [
        [dir.join('pipe'), 'a pipe'],
        [dir.join('directory'), 'a directory'],
        [dir.join('socket'), 'a socket'],
        ['/dev/null', 'a device'],
        ['/dev/zero', 'a device'],
      ] as const) {
        for (const access of ACCESS) {
          await assert.rejects(openFile(file, { access }), (error) => {
            const failure = fileFailure(error, { action: 'read', object: 'it' });
            assert.equal(failure?.code, 'not_a_file');
            assert.equal(failure.message, `cannot read it: ${file} is ${kind}, not a file; give a file`);
            const itself = fileFailure(error, { action: 'read', object: file });
            assert.equal(itself?.message, `cannot read ${file}: it is ${kind}, not a file; give a file`);
            const below = fileFailure(error, { action: 'read', object: path.dirname(file) });
            const said = `cannot read ${path.dirname(file)}: ${path.basename(file)} is ${kind}, not a file; give a file`;
            assert.equal(below?.message, said);
            return true;
          });
        }
      }
    } finally {
      server.close();
    }
  });
});
