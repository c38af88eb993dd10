import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';

const launcher = `${projectRoot}bin/etcdbrctl-from-source`;

it('the launcher runs the sources from any directory, through symbolic links, with the arguments as they are', async () => {
  await using dir = makeTempDir();
  mkdirSync(dir.join('a dir'));
  symlinkSync(launcher, dir.join('a dir', 'first'));
  symlinkSync('first', dir.join('a dir', 'etcdbrctl'));
  const options = { cwd: dir.path, env: { PATH: process.env['PATH'] } };
  const { stdout, stderr } = await run(dir.join('a dir', 'etcdbrctl'), ['--version'], options);
  assert.match(stdout, /^etcdbrctl Version: \d+\.\d+\.\d+-dev\n/);
  assert.equal(stderr, '');
  await assert.rejects(run(launcher, ['list', '--no-such flag'], options), /--no-such flag/);
});

it('the launcher says what is missing in a checkout without node_modules', async () => {
  await using dir = makeTempDir();
  mkdirSync(dir.join('bin'));
  copyFileSync(launcher, dir.join('bin/etcdbrctl-from-source'));
  await assert.rejects(
    run(dir.join('bin/etcdbrctl-from-source'), ['--version'], { env: { PATH: process.env['PATH'] } }),
    /node_modules\/\.bin\/node is not there; run make install in /,
  );
});
