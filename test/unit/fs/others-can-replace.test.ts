import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { othersCanReplace } from '../../../src/fs/others-can-replace.ts';
import { removeLeftovers } from '../../../src/fs/remove-leftovers.ts';
import { createTemporaryDirectory } from '../../../src/fs/temporary-directory.ts';
import { createTemporaryFile } from '../../../src/fs/temporary-file.ts';
import { unlessRoot } from '../../support/context/skip-reasons.ts';

const somebody = 65_534;
/** What a process of the first releases left, which does not run any more. */
const leftover = 'etcdbrctl-snapshot-4194303-0123456789ab.tmp';

describe('a directory in which others could exchange what is made', () => {
  it('is one that others may write, unless it is sticky', async () => {
    using dir = makeTempDir();
    for (const [mode, expected] of [
      [0o700, false],
      [0o755, false],
      [0o775, true],
      [0o757, true],
      [0o1777, false],
    ] as const) {
      chmodSync(dir.path, mode);
      assert.equal(await othersCanReplace(dir.path), expected, mode.toString(8));
    }
    assert.equal(await othersCanReplace(dir.join('none')), true);
  });

  it('is one of another user, whatever its mode', { skip: unlessRoot }, async () => {
    using dir = makeTempDir();
    for (const mode of [0o700, 0o755, 0o1777]) {
      chmodSync(dir.path, mode);
      chownSync(dir.path, somebody, somebody);
      assert.equal(await othersCanReplace(dir.path), true, mode.toString(8));
      chownSync(dir.path, 0, 0);
    }
  });
});

describe('temporary files in a directory of another user', { skip: unlessRoot }, () => {
  it('are out of reach: what is put in the place of their names changes nothing', async () => {
    using dir = makeTempDir();
    const theirs = dir.join('theirs');
    const victim = dir.join('victim');
    mkdirSync(theirs);
    mkdirSync(victim);
    writeFileSync(path.join(victim, 'base'), 'precious');
    chownSync(theirs, somebody, somebody);
    {
      await using directory = await createTemporaryDirectory(theirs, 'verify');
      await using file = await createTemporaryFile(theirs, 'status');
      // The owner of the directory around them exchanges everything for links to somewhere else.
      for (const name of readdirSync(theirs)) {
        renameSync(path.join(theirs, name), path.join(theirs, `moved-${name}`));
        symlinkSync(victim, path.join(theirs, name));
      }
      writeFileSync(path.join(directory.path, 'base'), 'ours');
      writeFileSync(file.path, 'ours as well');
      assert.equal(readFileSync(path.join(directory.path, 'base'), 'utf8'), 'ours');
      assert.equal((await file.handle.readFile()).toString(), 'ours as well');
      assert.deepEqual(readdirSync(victim), ['base']);
    }
    assert.equal(readFileSync(path.join(victim, 'base'), 'utf8'), 'precious');
    for (const name of readdirSync(theirs).filter((each) => each.startsWith('moved-'))) {
      assert.deepEqual(readdirSync(path.join(theirs, name)), []);
    }
  });

  it('are gone at the end', async () => {
    using dir = makeTempDir();
    chownSync(dir.path, somebody, somebody);
    {
      await using directory = await createTemporaryDirectory(dir.path, 'verify');
      await using file = await createTemporaryFile(dir.path, 'status');
      writeFileSync(path.join(directory.path, 'base'), 'ours');
      writeFileSync(file.path, 'ours');
      assert.equal(readdirSync(dir.path).length, 2);
    }
    assert.deepEqual(readdirSync(dir.path), []);
  });

  it('of killed runs are left alone: their names are in the hands of that user', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join(leftover), '');
    utimesSync(dir.join(leftover), 1, 1);
    chownSync(dir.path, somebody, somebody);
    await removeLeftovers(dir.path);
    assert.ok(existsSync(dir.join(leftover)));
    chownSync(dir.path, 0, 0);
    await removeLeftovers(dir.path);
    assert.ok(!existsSync(dir.join(leftover)));
  });
});
