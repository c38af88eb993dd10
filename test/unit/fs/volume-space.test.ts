import assert from 'node:assert/strict';
import { statfsSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { isErrno } from '../../../src/fs/errno.ts';
import { fileFailure } from '../../../src/fs/file-failure.ts';
import { NoSpaceLeft, VolumeSpace } from '../../../src/fs/volume-space.ts';
import { errorText } from '../../../src/runtime/log/error-text.ts';

function refused(code: 'ENOSPC' | 'EDQUOT' | 'EIO'): Error {
  return Object.assign(new Error(`${code}: words of the system, write`), {
    code,
    syscall: 'write',
    errno: -constants.errno[code],
  });
}

async function refusalOf(space: VolumeSpace, code: 'ENOSPC' | 'EDQUOT' | 'EIO', measure?: () => Promise<number>) {
  try {
    return await space.writing(() => Promise.reject(refused(code)), measure);
  } catch (error) {
    return error;
  }
}

describe('a write for which the volume has no space', () => {
  it('says how much it needs and how much was there, once', async () => {
    using dir = makeTempDir();
    const space = await VolumeSpace.in(dir.path);
    space.expect(3 * 1024 ** 5);
    space.expect(7);
    const error = await refusalOf(space, 'ENOSPC');
    assert.ok(error instanceof NoSpaceLeft && isErrno(error, 'ENOSPC'));
    const text = errorText(fileFailure(error, { action: 'restore into', object: '/d' }));
    assert.match(
      text,
      /^cannot restore into \/d: no space is left on the volume: at least 3\.0 PiB are needed, [\d.]+ [KMGTP]?i?B were free; free some space or use a larger volume$/,
    );
    const { bavail, bsize } = statfsSync(dir.path);
    assert.ok(bavail * bsize > 0);
    // An outer space has nothing to add.
    assert.equal(
      await (await VolumeSpace.in(dir.path)).writing(() => Promise.reject(error)).catch((same: unknown) => same),
      error,
    );
  });

  it('measures where nothing was known before, and says less where nothing is', async () => {
    using dir = makeTempDir();
    const measured = await refusalOf(await VolumeSpace.in(dir.path), 'ENOSPC', () => Promise.resolve(5 * 1024 ** 5));
    assert.match(String(measured), /at least 5\.0 PiB are needed, .+ were free$/);
    const unknown = await refusalOf(await VolumeSpace.in(dir.path), 'ENOSPC', () => Promise.reject(new Error('gone')));
    assert.match(String(unknown), /volume: [\d.]+ \w+ were free at the beginning, and are used up$/);
    assert.equal(
      String(await refusalOf(await VolumeSpace.in(dir.join('none')), 'ENOSPC')),
      'NoSpaceLeft: no space is left on the volume',
    );
  });

  it('knows nothing of the space in a quota', async () => {
    using dir = makeTempDir();
    const space = await VolumeSpace.in(dir.path);
    space.expect(1024);
    const error = await refusalOf(space, 'EDQUOT');
    assert.equal(String(error), 'NoSpaceLeft: the disk quota is used up: at least 1.0 KiB are needed');
    assert.equal(fileFailure(error, { action: 'write', object: '/d' })?.code, 'no_space');
  });

  it('is no other error', async () => {
    using dir = makeTempDir();
    const error = await refusalOf(await VolumeSpace.in(dir.path), 'EIO');
    assert.ok(!(error instanceof NoSpaceLeft) && isErrno(error, 'EIO'));
  });
});
