import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { removeLeftovers } from '../../../src/fs/remove-leftovers.ts';
import { scratchName, scratchOwner } from '../../../src/fs/scratch-name.ts';
import { createTemporaryDirectory } from '../../../src/fs/temporary-directory.ts';
import { createTemporaryFile } from '../../../src/fs/temporary-file.ts';

const HOUR = 60 * 60_000;

/** A process that has made a file and a directory in `directory` and waits. */
async function withScratch(directory: string): Promise<ChildProcess & AsyncDisposable> {
  const modules = ['temporary-file', 'temporary-directory'].map((name) =>
    JSON.stringify(new URL(`../../../src/fs/${name}.ts`, import.meta.url).href),
  );
  const script = `
    const [{ createTemporaryFile }, { createTemporaryDirectory }] = [await import(${modules[0]}), await import(${modules[1]})];
    await createTemporaryFile(${JSON.stringify(directory)}, 'snapshot');
    const { path } = await createTemporaryDirectory(${JSON.stringify(directory)}, 'restore');
    (await import('node:fs')).writeFileSync(path + '/1', 'x');
    console.log('made');
    setInterval(() => undefined, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return Object.assign(child, {
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    },
  });
}

describe('what a killed run has left', () => {
  it('is removed by the next one, and not while the run goes on', async () => {
    using dir = makeTempDir();
    await using child = await withScratch(dir.path);
    await removeLeftovers(dir.path, Date.now() + 100 * HOUR);
    assert.equal(readdirSync(dir.path).length, 2);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await using file = await createTemporaryFile(dir.path, 'verify');
    assert.deepEqual(
      readdirSync(dir.path).map((name) => dir.join(name)),
      [file.path],
    );
  });

  it('is known when another process has its id now', async () => {
    using dir = makeTempDir();
    const { pid } = process;
    const own = scratchName('snapshot');
    const digits = own.split('-').at(-1) ?? '';
    const before = `etcdbrctl-snapshot-${pid}-${'0'.repeat(11)}1${digits.slice(12)}`;
    writeFileSync(dir.join(before), '');
    writeFileSync(dir.join(own), '');
    await removeLeftovers(dir.path);
    assert.deepEqual(readdirSync(dir.path), [own]);
  });

  it('of another container or machine is removed when nobody has touched it for a while', async () => {
    using dir = makeTempDir();
    const other = `etcdbrctl-snapshot-1-0000000000ff${'a'.repeat(8)}${'b'.repeat(12)}.tmp`;
    writeFileSync(dir.join(other), '');
    await removeLeftovers(dir.path);
    assert.deepEqual(readdirSync(dir.path), [other]);
    await removeLeftovers(dir.path, Date.now() + HOUR);
    assert.deepEqual(readdirSync(dir.path), []);
  });

  it('by the first releases is removed when its process is gone and it is a day old', async () => {
    using dir = makeTempDir();
    const [dead, live] = [4_194_305, process.pid].map((pid) => `etcdbrctl-compressed-${pid}-0123456789ab.tmp`);
    assert.ok(dead !== undefined && live !== undefined);
    writeFileSync(dir.join(dead), '');
    writeFileSync(dir.join(live), '');
    await removeLeftovers(dir.path, Date.now() + HOUR);
    assert.equal(readdirSync(dir.path).length, 2);
    await removeLeftovers(dir.path, Date.now() + 25 * HOUR);
    assert.deepEqual(readdirSync(dir.path), [live]);
  });

  it('is what has our names only, is no link, and lies where nobody else can exchange it', async () => {
    using dir = makeTempDir();
    const dead = `etcdbrctl-verify-4194305-0000000000ff${'a'.repeat(8)}${'b'.repeat(12)}.tmp`;
    const others = ['etcdbrctl-notes.tmp', 'compact-aB3dE5', `${dead}.bak`, 'restore-xyz'];
    for (const name of others) {
      mkdirSync(dir.join(name));
    }
    const later = Date.now() + 48 * HOUR;
    symlinkSync(dir.join('restore-xyz'), dir.join(dead));
    await removeLeftovers(dir.path, later);
    assert.equal(readdirSync(dir.path).length, others.length + 1);

    mkdirSync(dir.join('open'));
    writeFileSync(dir.join('open', dead), '');
    chmodSync(dir.join('open'), 0o777);
    await removeLeftovers(dir.join('open'), later);
    assert.deepEqual(readdirSync(dir.join('open')), [dead]);
    chmodSync(dir.join('open'), 0o1777);
    await removeLeftovers(dir.join('open'), later);
    assert.deepEqual(readdirSync(dir.join('open')), []);
    await removeLeftovers(dir.join('absent'), later);
  });
});

describe('a temporary directory', () => {
  it('is gone at the end, with what was made above it, also when it was touched', async () => {
    using dir = makeTempDir();
    {
      await using temporary = await createTemporaryDirectory(dir.join('a/b'), 'compact');
      assert.match(temporary.path, /etcdbrctl-compact-\d+-[0-9a-f]+\.tmp$/);
      assert.equal(scratchOwner(temporary.path.split('/').at(-1) ?? '')?.pid, process.pid);
      writeFileSync(`${temporary.path}/x`, '');
      utimesSync(temporary.path, 1, 1);
    }
    assert.deepEqual(readdirSync(dir.path), []);
  });
});
