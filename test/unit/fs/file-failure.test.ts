import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { isErrno } from '../../../src/fs/errno.ts';
import { fileFailure } from '../../../src/fs/file-failure.ts';
import { NoProc } from '../../../src/fs/pinned-directory.ts';
import { errorText } from '../../../src/runtime/log/error-text.ts';

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

  it('is about what ended the work, not about what failed afterwards', () => {
    const full = Object.assign(new Error('full'), { code: 'ENOSPC', errno: -28, syscall: 'write' });
    assert.equal(fileFailure(new SuppressedError(new Error('rmdir'), full), place)?.code, 'no_space');
  });

  it('names the flag that chooses another place, where the volume is full and nowhere else', () => {
    const failed = (code: string, errno: number): string | undefined =>
      fileFailure(Object.assign(new Error(code), { code, errno, syscall: 'write' }), { ...place, flag: '--temp-dir' })
        ?.message;
    assert.match(
      failed('ENOSPC', -28) ?? '',
      /; free some space or use a larger volume, or choose another --temp-dir$/,
    );
    assert.doesNotMatch(failed('EROFS', -30) ?? '', /--temp-dir/);
  });

  it('has the words of the operating system for every other error', async () => {
    const error = Object.assign(new Error('odd'), { code: 'ESPIPE', errno: -29, syscall: 'read' });
    const failure = fileFailure(error, place);
    assert.equal(failure?.code, 'file_error');
    assert.equal(failure?.message, 'cannot write /data: invalid seek (ESPIPE)');
  });

  it('says that the current directory is gone, and that /proc is missing', () => {
    const gone = Object.assign(new Error('ENOENT: process.cwd failed'), {
      code: 'ENOENT',
      errno: -2,
      syscall: 'uv_cwd',
    });
    assert.match(
      fileFailure(gone, place)?.message ?? '',
      /: there is no such file or directory as the current one any more, .*; change to/,
    );
    assert.match(fileFailure(new NoProc(), place)?.message ?? '', /: \/proc is not mounted, .*; mount it/);
  });

  it('knows errors that Node has no name for', () => {
    for (const [number, found, code] of [
      [122, 'the disk quota is used up; raise the quota or use another volume', 'no_space'],
      [116, 'the network file system has lost the file; mount the volume again', 'disk_error'],
      [37, 'the file system has no locks left; check the volume', 'file_error'],
      [117, 'the file system is damaged; have it checked (fsck)', 'disk_error'],
      [72, 'the operating system reports an error (EMULTIHOP)', 'file_error'],
      [999, 'the operating system reports an error (999)', 'file_error'],
    ] as const) {
      for (const name of [`Unknown system error -${number}`, 'UNKNOWN']) {
        const error = Object.assign(new Error(`${name}: ${name}, write`), {
          code: name,
          syscall: 'write',
          errno: -number,
        });
        const failure = fileFailure(error, place);
        assert.equal(failure?.message, `cannot write /data: ${found}`);
        assert.equal(failure?.code, code);
        assert.ok(!/Unknown|UNKNOWN/.test(errorText(error)), errorText(error));
      }
    }
    const overQuota = { code: 'Unknown system error -122', syscall: 'write', errno: -122 };
    assert.ok(isErrno(Object.assign(new Error('x'), overQuota), 'EDQUOT'));
  });

  it('leaves an error that is not of the operating system', () => {
    assert.equal(fileFailure(new Error('other'), place), undefined);
    assert.equal(fileFailure(Object.assign(new Error('reset'), { code: 'ECONNRESET' }), place), undefined);
  });
});
