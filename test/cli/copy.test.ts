import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename } from 'node:path';
import { describe, it } from 'node:test';
import { goldenObjects, goldenStorePath } from '../support/fixtures/golden-store.ts';
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

  it('sums up as JSON what it did', async () => {
    await using rig = makeRig();
    const flags = copyFlags(rig);
    const [full = '', ...deltas] = objects(rig, 'store/etcd-main/v2');
    const place = (name: string): string => rig.home.join(`store/etcd-main/v2/${name}`);
    cpSync(place(full), rig.home.join(`copy/copied/v2/${full}`), { recursive: true });
    writeFileSync(rig.home.join(`copy/copied/v2/${deltas[0]}`), 'half');
    const { stdout, exitCode } = await rig.run(['copy', ...flags, '-o', 'json']);
    assert.equal(exitCode, 0);
    const sizes = deltas.map((name) => statSync(place(name)).size);
    const { seconds, ...result } = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    assert.ok(typeof seconds === 'number' && seconds > 0);
    assert.deepEqual(result, {
      source: rig.home.join('store/etcd-main'),
      target: rig.home.join('copy/copied'),
      copied: deltas.map((name, at) => ({ name, size: sizes[at], action: at === 0 ? 'replace' : 'copy' })),
      copiedBytes: sizes.reduce((sum, size) => sum + size, 0),
      present: 1,
      companions: [],
      companionsPresent: 0,
      vanished: [],
      orphans: [],
      leftOutBackups: 0,
      ofLeftHistories: 0,
    });
  });

  it('ends with 1 when deltas have no full before them, after all else was copied', async () => {
    await using rig = makeRig();
    const flags = copyFlags(rig);
    writeFileSync(rig.home.join('store/etcd-main/v2/Incr-00000002-00000009-1795251000.gz'), 'alone');
    const planned = await rig.run(['copy', ...flags, '--dry-run']);
    assert.equal(planned.exitCode, 1);
    assert.match(
      planned.stdout,
      /^4 of 4 objects would be copied.*\n1 delta without the full before would be left out$/m,
    );
    const { stdout, stderr, exitCode } = await rig.run(['copy', ...flags]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^Without full: +1 delta$/m);
    assert.match(
      stderr,
      /1 delta without the full snapshot before, from Incr-00000002-00000009-1795251000\.gz on; all else is copied/,
    );
    assert.equal(objects(rig).length, 4);
  });

  it('tells a source that is not there from an empty one, and from a place next to it', async () => {
    await using rig = makeRig();
    copyFlags(rig);
    mkdirSync(rig.home.join('empty'));
    for (const [container, found] of [
      ['missing', /holds no full snapshot, as it does not exist; check --source-store-container$/m],
      ['empty', /holds no full snapshot; check --source-store-container and --source-store-prefix$/m],
      ['store', /but its container holds some under "etcd-main"; correct --source-store-prefix$/m],
      ['store/etcd-main/v2', /but some directly there; leave out \/v2 in --source-store-container/m],
    ] as const) {
      const source = ['--source-store-container', rig.home.join(container)];
      const { stderr, exitCode } = await rig.run(['copy', ...source, ...targetFlags(rig)]);
      assert.equal(exitCode, 1);
      assert.match(stderr, found);
    }
  });

  it('shows on a terminal how far it is', async () => {
    await using rig = makeRig();
    const { stdout: screen, exitCode } = await rig.runOnTerminal(['copy', ...copyFlags(rig)]);
    assert.equal(exitCode, 0, screen);
    assert.match(screen.replaceAll('\u001b', '<esc>'), /\r<esc>\[Kcopy {2}\d+% {2}\S+ \w*B of \S+ \w*B {2}\S+ \w*B\/s/);
  });

  it('a backup of layout v1 becomes one of v2, once, that restores', async () => {
    await using rig = makeRig();
    const source = ['--source-store-container', goldenStorePath('layout-v1'), '--source-store-prefix', 'etcd-main'];
    const flags = [...source, ...targetFlags(rig)];
    const old = goldenObjects('layout-v1');
    const { stderr, exitCode } = await rig.run(['copy', ...flags]);
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(
      objects(rig),
      old.map(({ key }) => basename(key)),
    );
    for (const { key, bytes } of old) {
      assert.ok(bytes.equals(readFileSync(rig.home.join(`copy/copied/v2/${basename(key)}`))), key);
    }
    assert.match((await rig.run(['copy', ...flags])).stdout, /^Already there: +4 objects$/m);
    assert.match((await rig.run(['restore', ...targetFlags(rig), '-d', 'data'])).stdout, /^Revision: +122$/m);
  });

  it('copies of layout v1 that the Go program made count where it finds them itself, and only there', async () => {
    await using rig = makeRig();
    const source = ['--source-store-container', goldenStorePath('layout-v1'), '--source-store-prefix', 'etcd-main'];
    const flags = [...source, ...targetFlags(rig)];
    const folder = (layout: string): string => rig.home.join(`copy/copied/${layout}/Backup-1795251532`);
    // What it writes to a directory, and cannot read again.
    cpSync(`${goldenStorePath('layout-v1')}etcd-main/v1/Backup-1795251532`, folder('v2'), { recursive: true });
    const copied = await rig.run(['copy', ...flags]);
    assert.match(copied.stdout, /^Copied: +4 objects/m);
    assert.match(copied.stderr, /move it out of Backup-1795251532\/ into v2\//);
    rmSync(rig.home.join('copy'), { recursive: true });
    // What it writes to an object store below a prefix.
    cpSync(`${goldenStorePath('layout-v1')}etcd-main/v1/Backup-1795251532`, folder('v1'), { recursive: true });
    assert.match((await rig.run(['copy', ...flags])).stdout, /^Already there: +4 objects$/m);
    assert.deepEqual(objects(rig), []);
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

  it('fails when the source is missing or empty: its place may be mistyped', async () => {
    await using rig = makeRig();
    for (const dry of [[], ['--dry-run']]) {
      const source = ['--source-store-container', rig.home.join('mistyped')];
      const { stdout, stderr, exitCode } = await rig.run(['copy', ...source, ...targetFlags(rig), ...dry]);
      assert.equal(exitCode, 1);
      assert.equal(stdout, '');
      assert.match(
        stderr,
        /^error: cannot copy from [^\n]*mistyped: it holds no full snapshot(, as it does not exist)?; [^\n]+\n$/m,
      );
    }
  });

  it('takes no default for either side, and never a place as source and target', async () => {
    await using rig = makeRig();
    const [, source = '', , prefix = ''] = copyFlags(rig);
    symlinkSync(source, rig.home.join('link'));
    const from = ['--source-store-container', source, '--source-store-prefix', prefix];
    for (const [args, message] of [
      [from, /cannot use --store-container: it is missing/],
      [targetFlags(rig), /cannot use --source-store-container: it is missing/],
      [[...from, '--store-container', `${source}/`, '--store-prefix', `./${prefix}/`], /the same place/],
      [[...from, '--store-container', rig.home.join('link'), '--store-prefix', prefix], /the same place/],
    ] as const) {
      const { stderr, exitCode } = await rig.run(['copy', ...args]);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, message);
    }
    assert.deepEqual(readdirSync(rig.home.path).toSorted(), ['link', 'store']);
  });

  it('refuses to run without knowing a source that needs a container', async () => {
    await using rig = makeRig();
    const { stderr, exitCode } = await rig.run(['copy', '--source-storage-provider', 'S3', ...targetFlags(rig)]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--source-store-container/);
  });
});
