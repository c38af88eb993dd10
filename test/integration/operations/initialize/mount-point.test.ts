import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectRoot } from '../../../../scripts/lab/project-root.ts';
import { run } from '../../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { noMounts } from '../../../support/context/skip-reasons.ts';
import { goldenStorePath } from '../../../support/fixtures/golden-store.ts';

/** Replaces the member of a data directory and moves it aside in a process that sees a volume mounted on it. */
const PROGRAM = `
import { readdir, writeFile, readFile } from 'node:fs/promises';
import { finishReplacement } from '${projectRoot}src/operations/initialize/finish-replacement.ts';
import { replaceMember, setMemberAside } from '${projectRoot}src/operations/initialize/replace-data-dir.ts';
import { RunLock } from '${projectRoot}src/datadir/run-lock.ts';
import { PinnedDirectory } from '${projectRoot}src/fs/pinned-directory.ts';
import { recordedContext } from '${projectRoot}test/support/context/run-context.ts';
const data = process.argv[1];
const context = recordedContext();
const build = (content) => (memberDir) => writeFile(memberDir + '/db', content);
const replace = async (content) => {
  await using lock = await RunLock.take(data, context, { action: 'initialize' });
  await replaceMember({ lock, directory: lock.directory, dbLocked: false }, build(content), context);
};
const seen = [];
const look = async () => seen.push([(await readdir(data)).toSorted(), (await readdir(data + '/..')).toSorted()]);
await replace('one');
await look();
await replace('two');
seen.push(await readFile(data + '/member/db', 'utf8'));
await look();
await using directory = await PinnedDirectory.open(data);
await finishReplacement(directory, context);
await look();
await setMemberAside(directory, context);
await look();
process.stdout.write(JSON.stringify(seen));
`;

for (const kind of ['volume of its own', 'directory of the same volume'] as const) {
  test(`a data directory that is a mount point is replaced in place: a ${kind}`, async (t) => {
    using dir = makeTempDir();
    mkdirSync(dir.join('data'));
    mkdirSync(dir.join('elsewhere'));
    writeFileSync(dir.join('program.mts'), PROGRAM.replace('process.argv[1]', JSON.stringify(dir.join('data'))));
    const source = kind === 'volume of its own' ? '-t tmpfs tmpfs' : `--bind ${dir.join('elsewhere')}`;
    const mount = `mount ${source} ${dir.join('data')}`;
    try {
      await run('unshare', ['--mount', 'sh', '-c', mount]);
    } catch (error) {
      t.skip(noMounts(error));
      return;
    }
    const command = `${mount} && exec ${process.execPath} ${dir.join('program.mts')} >${dir.join('seen')}`;
    await run('unshare', ['--mount', 'sh', '-c', command]);
    const [first, second] = ['member.invalid-20261121T090000Z', 'member.invalid-20261121T090000Z-2'];
    const beside = ['data', 'elsewhere', 'program.mts', 'seen'];
    assert.deepEqual(JSON.parse(readFileSync(dir.join('seen'), 'utf8')), [
      [['member'], beside],
      'two',
      [['member', first], beside],
      [['member', first], beside],
      [[first, second], beside],
    ]);
  });
}

for (const point of ['member', 'member/wal'] as const) {
  test(`a volume that is mounted at ${point} is refused before anything is fetched`, async (t) => {
    using dir = makeTempDir();
    const store = dir.join('store');
    cpSync(goldenStorePath('etcd-3.5/gzip'), store, { recursive: true });
    mkdirSync(dir.join(`data/${point}`), { recursive: true });
    mkdirSync(dir.join('volume'));
    const mount = `mount --bind ${dir.join('volume')} ${dir.join(`data/${point}`)}`;
    try {
      await run('unshare', ['--mount', 'sh', '-c', mount]);
    } catch (error) {
      t.skip(noMounts(error));
      return;
    }
    const flags = `--storage-provider Local --store-container ${store} --store-prefix etcd-main -d ${dir.join('data')}`;
    const program = `${process.execPath} ${projectRoot}src/main.ts initialize ${flags} 2>${dir.join('said')} || exit 0`;
    await run('unshare', ['--mount', 'sh', '-c', `${mount} && ${program}`]);
    const said = readFileSync(dir.join('said'), 'utf8');
    assert.match(
      said,
      new RegExp(`${point} is a mount point, and member/ cannot be replaced with it; mount the volume at`),
    );
    assert.doesNotMatch(said, /Restoring from base snapshot/);
    assert.deepEqual(readdirSync(dir.join('data')), ['member']);
  });
}
