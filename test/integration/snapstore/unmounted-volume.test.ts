import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { noMounts } from '../../support/context/skip-reasons.ts';

/** Writes two objects into a container, unmounts its volume, and tries to write and list; mounts it again and goes on. */
const PROGRAM = `
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { systemClock } from '${projectRoot}src/runtime/system-clock.ts';
import { LocalBucket } from '${projectRoot}src/snapstore/providers/local/local-bucket.ts';
const bucket = new LocalBucket({ directory: CONTAINER, clock: systemClock });
const { signal } = new AbortController();
const write = async (key) => {
  const upload = await bucket.beginUpload(key, { signal, partSize: 1 });
  await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('x') }, { signal });
  await upload.complete({ parts: 1, size: 1 }, { signal });
};
const list = async () => (await Array.fromAsync(bucket.list('', { signal }))).map(({ key }) => key);
const said = (error) => error.message;
const seen = [];
await write('v2/one');
seen.push(await list());
execFileSync('umount', [MOUNT]);
seen.push(await write('v2/two').catch(said), await list().catch(said));
execFileSync('mount', ['--bind', SOURCE, MOUNT]);
await write('v2/three');
seen.push((await list()).toSorted());
writeFileSync(SEEN, JSON.stringify(seen));
`;

for (const folder of ['', '/etcd'] as const) {
  test(`nothing is written below the mount point of a volume that goes away, with the container ${folder === '' ? 'at it' : 'inside'}`, async (t) => {
    using dir = makeTempDir();
    mkdirSync(dir.join('mount'));
    const values = {
      CONTAINER: `${dir.join('mount')}${folder}`,
      MOUNT: dir.join('mount'),
      SOURCE: dir.join('shm/source'),
      SEEN: dir.join('seen'),
    };
    const constants = Object.entries(values).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};\n`);
    writeFileSync(dir.join('program.mts'), `${constants.join('')}${PROGRAM}`);
    mkdirSync(dir.join('shm'));
    const prepare = `mount -t tmpfs tmpfs ${dir.join('shm')} && mkdir ${values.SOURCE} && mount --bind ${values.SOURCE} ${values.MOUNT}`;
    try {
      await run('unshare', ['--mount', 'sh', '-c', prepare]);
    } catch (error) {
      t.skip(noMounts(error));
      return;
    }
    await run('unshare', ['--mount', 'sh', '-c', `${prepare} && exec ${process.execPath} ${dir.join('program.mts')}`]);
    const [before, write, list, after] = JSON.parse(readFileSync(dir.join('seen'), 'utf8')) as [
      string[],
      string,
      string,
      string[],
    ];
    assert.deepEqual(before, ['v2/one']);
    assert.match(write, /^cannot write .*: its volume is not mounted any more; mount it$/);
    assert.match(list, /^cannot list .*: its volume is not mounted any more; mount it$/);
    assert.deepEqual(after, ['v2/one', 'v2/three']);
    assert.deepEqual(readdirSync(dir.join('mount')), []);
  });
}
