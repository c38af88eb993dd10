import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { run } from '../../../../scripts/lab/run.ts';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { noMounts } from '../../../support/context/skip-reasons.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

const skip = await whyNoMounts();

/** Why this process cannot mount a tmpfs; false when it can. */
async function whyNoMounts(): Promise<string | false> {
  using dir = makeTempDir();
  try {
    await using _ = await mounted(dir, { size: '64k' });
    return false;
  } catch (error) {
    return noMounts(error);
  }
}

/** Mounts a tmpfs on `volume` below `dir` until disposed. */
async function mounted(dir: TempDir, options: { readonly size: string }): Promise<AsyncDisposable> {
  const point = dir.join('volume');
  mkdirSync(point);
  await run('mount', ['-t', 'tmpfs', '-o', `size=${options.size},mode=0700`, 'tmpfs', point]);
  return { [Symbol.asyncDispose]: async () => void (await run('umount', [point])) };
}

describe('restoring onto a small volume', { skip }, () => {
  for (const [what, size] of [
    ['the base', '200k'],
    ['the deltas', '400k'],
  ]) {
    it(`says so when there is no space for ${what}, and leaves the volume empty`, async () => {
      using dir = makeTempDir();
      await using _ = await mounted(dir, { size: size ?? '' });
      for (const dataDir of [dir.join('volume', 'data'), dir.join('volume')]) {
        await assert.rejects(restore(restoreRequest(dir, { dataDir }), recordedContext()), {
          name: 'Failure',
          code: 'no_space',
          message: /cannot restore into \S+: no space is left on the volume/,
        });
        assert.deepEqual(readdirSync(dir.join('volume')), []);
      }
    });
  }

  it('says so when there is no space for temporary files', async () => {
    using dir = makeTempDir();
    await using _ = await mounted(dir, { size: '8k' });
    const request = restoreRequest(dir, { tempDir: dir.join('volume', 'temp') });
    await assert.rejects(restore(request, recordedContext()), {
      code: 'no_space',
      message: /cannot write the temporary file \S+volume\/temp\S*: no space is left/,
    });
    assert.deepEqual(readdirSync(dir.join('volume')), []);
    assert.deepEqual(readdirSync(dir.path), ['volume']);
  });

  it('restores into a mount point itself', async () => {
    using dir = makeTempDir();
    await using _ = await mounted(dir, { size: '256m' });
    const { dev } = statSync(dir.join('volume'));
    await restore(restoreRequest(dir, { dataDir: dir.join('volume') }), recordedContext());
    assert.deepEqual(readdirSync(dir.join('volume')), ['member']);
    assert.equal(statSync(dir.join('volume', 'member', 'snap', 'db')).dev, dev);
    assert.deepEqual(readdirSync(dir.path), ['volume']);
  });

  it('says so when the volume is read-only', async () => {
    using dir = makeTempDir();
    await using _ = await mounted(dir, { size: '64m' });
    await run('mount', ['-o', 'remount,ro', dir.join('volume')]);
    for (const dataDir of [dir.join('volume', 'data'), dir.join('volume')]) {
      await assert.rejects(restore(restoreRequest(dir, { dataDir }), recordedContext()), {
        name: 'Failure',
        code: 'read_only',
        message: /the file system is read-only/,
      });
    }
  });
});
