import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { prepareCompanion } from '../../../../src/operations/companion/companion.ts';
import { initialize } from '../../../../src/operations/initialize/initialize.ts';
import {
  type DirectoryForFiles,
  refuseMisplacedDirectory,
} from '../../../../src/operations/restore/refuse-misplaced-directory.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { openStore } from '../../../../src/snapstore/registry.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { directoryContents } from '../../../support/fixtures/directory-contents.ts';
import { goldenStorePath } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

async function storeIn(dir: TempDir, prefix: string): Promise<SnapStore> {
  const parallel = { maxParallelChunkUploads: 1, minChunkSize: 5 * 1024 * 1024 };
  const place = { provider: 'Local', container: dir.join('backup'), prefix, endpointOverride: undefined } as const;
  return await openStore({ ...place, ...parallel, role: 'primary' }, { ...recordedContext(), environment: {} });
}

/** `refused`, the warning, or undefined. */
async function verdict(place: string, options: { readonly prefix?: string; readonly link?: string } = {}) {
  using dir = makeTempDir();
  const { prefix = '', link } = options;
  mkdirSync(dir.join('backup', prefix, 'v2'), { recursive: true });
  if (link !== undefined) {
    symlinkSync(dir.join(link), dir.join('link'));
  }
  await using store = await storeIn(dir, prefix);
  const context = recordedContext();
  try {
    await refuseMisplacedDirectory(
      { store, directory: dir.join(place), flag: '--data-dir', action: 'restore into' },
      context,
    );
  } catch (error) {
    assert.match(String(error), /^cannot restore into \S+: .+; choose another --data-dir$/);
    assert.ok(error instanceof Error && 'code' in error && 'exitCode' in error);
    assert.deepEqual([error.code, error.exitCode], ['data_dir_in_store', 2]);
    return 'refused';
  }
  return context.lines.find(({ level }) => level === 'warn')?.text.replaceAll(dir.path, '');
}

describe('a directory to restore into, held against the store', () => {
  for (const [place, options] of [
    ['backup/v2', {}],
    ['backup/v1', {}],
    ['backup/v2/new', {}],
    ['backup/v2/a/b', {}],
    ['backup/etcd-main/v2', { prefix: 'etcd-main' }],
    ['backup/etcd-main/v2/data', { prefix: 'etcd-main' }],
    // Of another prefix in the same container.
    ['backup/other/v2', { prefix: 'etcd-main' }],
    ['link/v2', { link: 'backup' }],
    ['link', { link: 'backup/v2' }],
    ['link/data', { link: 'backup/v2' }],
    // Its member/ is what is set aside, and the store with it.
    ['backup', { prefix: 'member' }],
    ['backup/x', { prefix: 'x/member/y' }],
  ] as const) {
    it(`is refused: ${place} ${JSON.stringify(options)}`, async () => {
      assert.equal(await verdict(place, options), 'refused');
    });
  }

  it('is warned about where one is inside the other', async () => {
    assert.match((await verdict('backup')) ?? '', /^\/backup is the store itself/);
    assert.match((await verdict('backup/data')) ?? '', /^\/backup\/data is inside the store, \/backup/);
    assert.match((await verdict('', { prefix: 'x' })) ?? '', /^ holds the store, \/backup\/x/);
  });

  it('is as it should be elsewhere', async () => {
    for (const place of ['data', 'backup-of-data', 'backup2/v2', 'v2', 'v2/data']) {
      assert.equal(await verdict(place), undefined, place);
    }
    // The container is a volume for more than one store.
    assert.equal(await verdict('backup/etcd', { prefix: 'snapshots' }), undefined);
  });

  it('is no matter where the store is no directory', async () => {
    const directory = '/backup/v2';
    const place = { store: memorySnapStore([]), directory, flag: '--data-dir', action: 'restore into' } as const;
    await refuseMisplacedDirectory(place, recordedContext());
  });

  it('is refused where it belongs to the system, whatever path leads there', async () => {
    using dir = makeTempDir();
    symlinkSync('/etc', dir.join('link'));
    const place = { store: undefined, action: 'restore into' } as const;
    const found = async (directory: string, flag: DirectoryForFiles['flag']): Promise<string | undefined> => {
      try {
        await refuseMisplacedDirectory({ ...place, directory, flag }, recordedContext());
        return undefined;
      } catch (error) {
        assert.ok(error instanceof Error && 'code' in error && 'exitCode' in error);
        assert.deepEqual([error.code, error.exitCode], ['directory_of_system', 2]);
        return error.message;
      }
    };
    for (const flag of ['--data-dir', '--wal-dir', '--companions'] as const) {
      for (const directory of ['/', '//', '/etc/', '/var/../etc', path.relative('.', '/usr'), '/var/lib', '/tmp/.']) {
        const whole = path.resolve(directory);
        assert.equal(
          await found(directory, flag),
          `cannot restore into ${whole}: it belongs to the system; give ${flag} a directory of its own below it`,
        );
      }
      assert.match(
        (await found(dir.join('link'), flag)) ?? '',
        /: it leads to \/etc, which belongs to the system; give/,
      );
      for (const directory of ['/etc/etcd', '/var/lib/etcd', '/mnt', '/data', '/tmp/drill', dir.join('link/etcd')]) {
        assert.equal(await found(directory, flag), undefined, directory);
      }
    }
  });

  it('is looked at before anything is done, by restore and initialize, for the log as well', async () => {
    using dir = makeTempDir();
    cpSync(goldenStorePath('etcd-3.5/gzip'), dir.join('backup'), { recursive: true });
    await using store = await storeIn(dir, 'etcd-main');
    const before = directoryContents(dir.path);
    const inStore = dir.join('backup/etcd-main/v2');
    const request = restoreRequest(dir, { store });
    for (const places of [{ dataDir: inStore }, { dataDir: dir.join('data'), walDir: `${inStore}/wal` }]) {
      const refused = { code: 'data_dir_in_store' };
      await assert.rejects(restore({ ...request, ...places }, recordedContext()), refused);
      const initialized = initialize({ ...request, ...places, mode: 'full', namespace: undefined }, recordedContext());
      await assert.rejects(initialized, refused);
    }
    const atTop = restore({ ...request, dataDir: '/' }, recordedContext());
    await assert.rejects(atTop, { code: 'directory_of_system' });
    const companions = { store, directory: `${inStore}/files`, owners: 'ours', fullName: undefined } as const;
    await assert.rejects(prepareCompanion(companions, recordedContext()), { code: 'data_dir_in_store' });
    assert.deepEqual(directoryContents(dir.path), before);
    assert.deepEqual(readdirSync(dir.path), ['backup']);
  });
});
