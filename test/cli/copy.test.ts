import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig, type Rig } from './rig.ts';

/** Flags for a golden backup as the source and an empty store as the target. */
function copyFlags(rig: Rig): readonly string[] {
  goldenStoreFlags(rig, 'etcd-3.5/gzip');
  const source = ['--source-store-container', rig.home.join('store'), '--source-store-prefix', 'etcd-main'];
  return [...source, ...targetFlags(rig)];
}

function targetFlags(rig: Rig): readonly string[] {
  return ['--store-container', rig.home.join('copy'), '--store-prefix', 'copied'];
}

function objects(rig: Rig, dir = 'copy/copied/v2'): readonly string[] {
  return existsSync(rig.home.join(dir)) ? readdirSync(rig.home.join(dir)).sort() : [];
}

describe('copy', () => {
  it('copies byte for byte, and the copy restores', async () => {
    await using rig = makeRig();
    const flags = copyFlags(rig);
    const { stdout, stderr, exitCode } = await rig.run(['copy', ...flags]);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^Copied: +4 objects, \d+ bytes/m);
    assert.match(stdout, /^Already there: +0 objects$/m);
    const names = objects(rig, 'store/etcd-main/v2');
    assert.equal(names.length, 4);
    assert.deepEqual(objects(rig), names);
    for (const name of names) {
      const copied = rig.home.join(`copy/copied/v2/${name}`);
      assert.deepEqual(readFileSync(copied), readFileSync(rig.home.join(`store/etcd-main/v2/${name}`)));
      assert.equal(statSync(copied).mode & 0o777, 0o600);
    }
    const restored = await rig.run(['restore', ...targetFlags(rig), '-d', 'data']);
    assert.match(restored.stdout, /^Revision: +122$/m);
  });

  it('shows beforehand what it would do, and does nothing', async () => {
    await using rig = makeRig();
    const flags = copyFlags(rig);
    const { stdout, exitCode } = await rig.run(['copy', ...flags, '--dry-run']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^copy +Full-00000000-00000058-1795251532\.gz +\d/m);
    assert.match(stdout, /^4 of 4 objects would be copied/m);
    assert.deepEqual(objects(rig), []);
    const json = await rig.run(['copy', ...flags, '--dry-run', '-o', 'json']);
    assert.equal((JSON.parse(json.stdout) as { readonly pending: number }).pending, 4);
  });

  it('a second run finishes what is missing and replaces what is incomplete', async () => {
    await using rig = makeRig();
    const flags = copyFlags(rig);
    await rig.run(['copy', ...flags]);
    const [first = ''] = objects(rig);
    truncateSync(rig.home.join(`copy/copied/v2/${first}`), 100);
    const { stdout } = await rig.run(['copy', ...flags, '-o', 'json']);
    const result = JSON.parse(stdout) as { readonly copied: readonly object[]; readonly present: number };
    assert.deepEqual(
      result.copied.map((copied) => ({ ...copied, size: undefined })),
      [{ name: first, action: 'replace', size: undefined }],
    );
    assert.equal(result.present, 3);
  });

  it('a damaged object fails the copy in one line and is not in the target', async () => {
    await using rig = makeRig();
    const flags = copyFlags(rig);
    const [, damaged = ''] = objects(rig, 'store/etcd-main/v2');
    writeFileSync(rig.home.join(`store/etcd-main/v2/${damaged}`), 'not what it was');
    const { stdout, stderr, exitCode } = await rig.run(['copy', ...flags]);
    assert.equal(exitCode, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      new RegExp(`^error: cannot copy all backups to [^\\n]*${damaged}[^\\n]*damaged[^\\n]*\\n$`, 'm'),
    );
    assert.equal(objects(rig).includes(damaged), false);
  });

  it('refuses to run without knowing a source that needs a container', async () => {
    await using rig = makeRig();
    const { stderr, exitCode } = await rig.run(['copy', '--source-storage-provider', 'S3', ...targetFlags(rig)]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--source-store-container/);
  });
});
