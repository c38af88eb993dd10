import assert from 'node:assert/strict';
import { mkdir, open } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { isErrno } from '../../../src/fs/errno.ts';
import { fileFailure } from '../../../src/fs/file-failure.ts';

const place = { action: 'write', object: '/data' };

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => assert.fail('it did not fail'),
    (error: unknown) => error,
  );
}

describe('fileFailure', () => {
  it('says what was found and what to do, and keeps the cause', async () => {
    using dir = makeTempDir();
    const error = await errorOf(mkdir(dir.path));
    assert.ok(isErrno(error, 'ENOENT', 'EEXIST'));
    assert.ok(!isErrno(error, 'ENOENT'));
    const failure = fileFailure(error, place);
    assert.equal(failure?.code, 'not_a_directory');
    assert.equal(failure?.message, 'cannot write /data: a file of this name is in the way; choose another path');
    assert.equal(failure?.cause, error);
  });

  it('has the words of the operating system for every other error', async () => {
    using dir = makeTempDir();
    const failure = fileFailure(await errorOf(open(dir.join('x'.repeat(300)))), place);
    assert.equal(failure?.code, 'file_error');
    assert.equal(failure?.message, 'cannot write /data: name too long (ENAMETOOLONG)');
  });

  it('leaves an error that is not of the operating system', () => {
    assert.equal(fileFailure(new Error('other'), place), undefined);
    assert.equal(fileFailure(Object.assign(new Error('reset'), { code: 'ECONNRESET' }), place), undefined);
  });
});
