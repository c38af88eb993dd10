import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { GOLDEN_NAMES, goldenDatabase } from '../support/datadir/golden.ts';
import { goldenObjects } from '../support/fixtures/golden-store.ts';
import { goldenStoreFlags } from './golden-store-flags.ts';
import { makeRig, type Rig } from './rig.ts';

/** Writes the full of a golden backup into the rig's home and gives its path. */
function goldenFull(rig: Rig, backup: string): string {
  const full = goldenObjects(backup).find(({ key }) => key.includes('Full-')) ?? assert.fail('no full');
  const path = rig.home.join(full.key.split('/').at(-1) ?? '');
  writeFileSync(path, full.bytes);
  return path;
}

async function statusOf(rig: Rig, path: string): Promise<Readonly<Record<string, unknown>>> {
  const { stdout, stderr, exitCode } = await rig.run(['status', path, '-o', 'json', '--temp-dir', 'scratch']);
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

describe('status', () => {
  for (const backup of GOLDEN_NAMES) {
    it(`reads the full of ${backup}, and leaves nothing`, async () => {
      await using rig = makeRig();
      const { kind, revision, version, hash } = await statusOf(rig, goldenFull(rig, backup));
      assert.deepEqual({ kind, revision, version }, { kind: 'snapshot', revision: 58, version: '' });
      assert.equal(typeof hash, 'number');
      const scratch = rig.home.join('scratch');
      assert.deepEqual(existsSync(scratch) ? readdirSync(scratch) : [], []);
    });
  }

  it('tells what etcdutl prints, as a table', async () => {
    await using rig = makeRig();
    const { stdout, exitCode } = await rig.run(['status', goldenFull(rig, 'etcd-3.5/none')]);
    assert.equal(exitCode, 0);
    assert.deepEqual(stdout.split('\n'), [
      '    HASH  REVISION  TOTAL KEYS  TOTAL SIZE  STORAGE VERSION  CLUSTER VERSION',
      '9e3d7c34        58          75   360.0 KiB                -            3.5.0',
      'A full snapshot, compression none; its SHA-256 is right.',
      'TOTAL KEYS are the records of all buckets, as etcdutl counts up to etcd 3.5;',
      '35 keys live, as it counts from etcd 3.6 on.',
      '',
    ]);
  });

  it('reads a db without a hash, and the directory a restore has made', async () => {
    await using rig = makeRig();
    const db = rig.home.join('db');
    writeFileSync(db, goldenDatabase('etcd-3.5/gzip'));
    assert.equal((await statusOf(rig, db))['kind'], 'database');
    await rig.run(['restore', ...goldenStoreFlags(rig, 'etcd-3.5/gzip'), '-d', 'data']);
    const { kind, revision, revisionWithLog } = await statusOf(rig, rig.home.join('data'));
    assert.deepEqual(
      { kind, revision, revisionWithLog },
      { kind: 'data directory', revision: 122, revisionWithLog: 122 },
    );
  });

  it('refuses a snapshot whose hash is wrong, a delta, an empty directory, and what is not there', async () => {
    await using rig = makeRig();
    const bent = goldenFull(rig, 'etcd-3.5/none');
    const bytes = readFileSync(bent);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    writeFileSync(bent, bytes);
    const truncated = goldenFull(rig, 'etcd-3.5/gzip');
    writeFileSync(truncated, readFileSync(truncated).subarray(0, 5_000));
    const delta = rig.home.join('Incr-00000059-00000089-1795251534.gz');
    writeFileSync(delta, '');
    for (const [path, message] of [
      [bent, /cannot read .*: it is damaged: the SHA-256 at the end is/],
      [truncated, /cannot read .*: it is damaged: /],
      [delta, /it is a delta, which holds changes only; give a full snapshot/],
      [rig.home.path, /member is missing or no directory; give the data directory/],
      [rig.home.join('nowhere'), /cannot read .*nowhere/],
    ] as const) {
      const { stdout, stderr, exitCode } = await rig.run(['status', path]);
      assert.equal(exitCode, 1, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, /^error: [^\n]*\n$/m);
      assert.match(stderr, message);
    }
  });

  it('needs one thing to look at', async () => {
    await using rig = makeRig();
    const none = await rig.run(['status']);
    assert.equal(none.exitCode, 2);
    assert.match(none.stderr, /cannot run status: FILE\|DIR is missing; give it after the flags/);
    const two = await rig.run(['status', 'a', 'b']);
    assert.equal(two.exitCode, 2);
    assert.match(two.stderr, /cannot use argument 3 of the command line: status takes one FILE\|DIR/);
  });
});
