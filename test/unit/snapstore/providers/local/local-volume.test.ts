import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../../scripts/lab/temp-dir.ts';
import { LocalVolume, type MountTables } from '../../../../../src/snapstore/providers/local/local-volume.ts';
import { StoreError } from '../../../../../src/snapstore/store-error.ts';

/** Tables that want `point` mounted, and have it so or not. */
function tables(dir: TempDir, point: string, { isMounted }: { readonly isMounted: boolean }): MountTables {
  const found = { wanted: dir.join('fstab'), mounted: dir.join('mountinfo') };
  const escaped = point.replaceAll(' ', '\\040');
  writeFileSync(
    found.wanted,
    `# /backup\n/dev/sda1 / ext4 defaults 0 1\n\nUUID=1 ${escaped}/ nfs nofail 0 0\nUUID=2 none swap sw 0 0\n`,
  );
  const root = '22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw';
  writeFileSync(found.mounted, `${root}\n${isMounted ? `36 22 8:2 / ${escaped} rw - nfs a:/b rw\n` : ''}`);
  return found;
}

const isGone = (error: unknown): boolean =>
  error instanceof StoreError &&
  error.kind === 'gone' &&
  /is to be mounted by .*fstab, and is not; mount it/.test(error.message);

describe('the volume of a local container', () => {
  for (const below of ['', '/etcd', '/a/b']) {
    it(`is missed where it is named and not mounted, with the container at its ${below || 'mount point'}`, async () => {
      using dir = makeTempDir();
      const point = dir.join('back up');
      const volume = new LocalVolume(`${point}${below}`, tables(dir, point, { isMounted: false }));
      await assert.rejects(volume.check('write'), isGone);
      mkdirSync(`${point}${below}`, { recursive: true });
      await assert.rejects(volume.check('write'), isGone);
      writeFileSync(`${point}${below}/file`, '');
      await volume.check('write');
    });
  }

  it('may be empty where it is mounted, or is not named', async () => {
    using dir = makeTempDir();
    await new LocalVolume(dir.join('store'), tables(dir, dir.join('store'), { isMounted: true })).check('write');
    await new LocalVolume(dir.join('store'), tables(dir, dir.join('other'), { isMounted: false })).check('write');
    const none = { wanted: dir.join('none'), mounted: dir.join('none') };
    await new LocalVolume(dir.join('store'), none).check('write');
  });

  it('is the same as before when all of it was deleted by hand', async () => {
    using dir = makeTempDir();
    mkdirSync(dir.join('store/v2'), { recursive: true });
    const volume = new LocalVolume(dir.join('store'), tables(dir, dir.join('other'), { isMounted: false }));
    await volume.check('write');
    rmSync(dir.join('store'), { recursive: true });
    await volume.check('write');
  });
});
