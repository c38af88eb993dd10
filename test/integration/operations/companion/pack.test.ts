import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { packFiles } from '../../../../src/operations/companion/pack.ts';
import { unpackFiles } from '../../../../src/operations/companion/unpack.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { unlessRoot } from '../../../support/context/skip-reasons.ts';
import { collected, inPieces } from '../../../support/fixtures/byte-streams.ts';

/** Of a run that nobody aborts. */
const running = new AbortController().signal;

const longName = `${'long-'.repeat(40)}ключ.pem`;
const oddName = `${'a line\nand another ='.repeat(6)}.pem`;

/** Certificates and manifests as they are on a machine. */
function laidOut(dir: TempDir): string {
  const root = dir.join('etc');
  mkdirSync(`${root}/pki/${'deep/'.repeat(30)}`, { recursive: true });
  writeFileSync(`${root}/pki/ca.key`, 'secret', { mode: 0o600 });
  writeFileSync(`${root}/pki/empty`, '');
  writeFileSync(`${root}/pki/${longName}`, Buffer.alloc(1000, 7));
  writeFileSync(`${root}/pki/${oddName}`, 'odd');
  writeFileSync(`${root}/pki/hidden`, 'none may read it');
  chmodSync(`${root}/pki/hidden`, 0);
  writeFileSync(`${root}/manifest.yaml`, Buffer.alloc(512, 65), { mode: 0o644 });
  writeFileSync(`${root}/large`, Buffer.alloc(3 * 1024 * 1024 + 1, 66));
  writeFileSync(`${root}/from-the-future`, '');
  utimesSync(`${root}/from-the-future`, 2 ** 32, 2 ** 32);
  symlinkSync('pki/ca.key', `${root}/link`);
  symlinkSync(`/far/${longName}`, `${root}/long-link`);
  chmodSync(`${root}/pki`, 0o750);
  return root;
}

function pack(...paths: string[]): AsyncGenerator<Uint8Array> {
  return packFiles(paths, { signal: new AbortController().signal, log: new RecordedLog() });
}

function assertSame(found: string, root: string): void {
  assert.equal(readFileSync(`${found}/pki/ca.key`, 'utf8'), 'secret');
  assert.equal(readFileSync(`${found}/pki/${longName}`).length, 1000);
  assert.equal(readFileSync(`${found}/manifest.yaml`).length, 512);
  assert.equal(readlinkSync(`${found}/link`), 'pki/ca.key');
  assert.equal(readlinkSync(`${found}/long-link`), `/far/${longName}`);
  assert.deepEqual(readFileSync(`${found}/large`), readFileSync(`${root}/large`));
  for (const path of [
    'pki/ca.key',
    'pki/empty',
    'pki/hidden',
    `pki/${oddName}`,
    'manifest.yaml',
    'from-the-future',
    'pki',
  ]) {
    const [was, is] = [lstatSync(`${root}/${path}`), lstatSync(`${found}/${path}`)];
    assert.equal(is.mode, was.mode, path);
    assert.equal(is.uid, was.uid, path);
    assert.equal(Math.floor(is.mtimeMs / 1000), Math.floor(was.mtimeMs / 1000), path);
  }
}

describe('packFiles', () => {
  it('hold each path once, however often it is given', async () => {
    using dir = makeTempDir();
    const root = laidOut(dir);
    const archive = dir.join('archive.tar');
    await writeFile(archive, pack(`${root}/pki/ca.key`, root, `${root}/pki`, `${root}/./pki/`));
    const names = execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }).trim().split('\n');
    assert.equal(names.filter((name) => name.endsWith('pki/ca.key')).length, 1);
    assert.equal(new Set(names).size, names.length);
  });

  it('packs what unpackFiles brings back: contents, modes, times, links and long names', async () => {
    using dir = makeTempDir();
    const root = laidOut(dir);
    const bytes = await collected(pack(root));
    for (const size of [513, 700, 100_000]) {
      const into = dir.join(`back-${size}`);
      await unpackFiles(inPieces(bytes, size), into, { signal: running, owners: 'ours' });
      assertSame(`${into}${root}`, root);
    }
  });

  it('packs what tar unpacks, and what tar packed is unpacked', async () => {
    using dir = makeTempDir();
    const root = laidOut(dir);
    writeFileSync(dir.join('ours.tar'), await collected(pack(root)));
    mkdirSync(dir.join('by-tar'));
    execFileSync('tar', ['-xpf', dir.join('ours.tar'), '-C', dir.join('by-tar')]);
    assertSame(`${dir.join('by-tar')}${root}`, root);
    for (const format of ['pax', 'gnu']) {
      execFileSync('tar', [`--format=${format}`, '-cf', dir.join(`${format}.tar`), '-C', dir.path, 'etc']);
      const theirs = Readable.from([readFileSync(dir.join(`${format}.tar`))]);
      await unpackFiles(theirs, dir.join(`by-us-${format}`), { signal: running, owners: 'ours' });
      assertSame(dir.join(`by-us-${format}/etc`), root);
    }
  });

  it('keeps owners, also those with large numbers', { skip: unlessRoot }, async () => {
    using dir = makeTempDir();
    const file = dir.join('file');
    writeFileSync(file, '');
    execFileSync('chown', ['4000000:5000000', file]);
    await unpackFiles(pack(file), dir.join('back'), { signal: running, owners: 'kept' });
    const { uid, gid } = lstatSync(`${dir.join('back')}${file}`);
    assert.deepEqual({ uid, gid }, { uid: 4_000_000, gid: 5_000_000 });
  });

  it('names the file that is missing', async () => {
    await assert.rejects(
      collected(pack('/nowhere/at/all')),
      (error) =>
        error instanceof Failure &&
        /cannot include \/nowhere\/at\/all: there is no such file or directory/.test(error.message),
    );
  });

  it('names the file that became shorter', async () => {
    using dir = makeTempDir();
    const file = dir.join('log');
    writeFileSync(file, Buffer.alloc(8 * 1024 * 1024));
    const shortened = async (): Promise<void> => {
      for await (const _ of pack(file)) {
        truncateSync(file, 100);
      }
    };
    await assert.rejects(shortened(), { code: 'companion_unreadable' });
  });

  it('leaves nothing open when nobody reads on, and stops with the signal', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('large'), Buffer.alloc(8 * 1024 * 1024));
    for await (const _ of pack(dir.join('large'))) {
      break;
    }
    const aborted = packFiles([dir.path], { signal: AbortSignal.abort(new Error('stop')), log: new RecordedLog() });
    await assert.rejects(collected(aborted), /stop/);
  });
});

describe('an archive', () => {
  it('has no more bytes and entries than it could be unpacked with', async () => {
    using dir = makeTempDir();
    const root = laidOut(dir);
    const context = { signal: new AbortController().signal, log: new RecordedLog() };
    for (const most of [{ mostBytes: 1_000_000 }, { mostEntries: 5 }]) {
      await assert.rejects(collected(packFiles([root], { ...context, ...most })), (error) => {
        assert.ok(error instanceof Failure && error.code === 'companion_unreadable', String(error));
        assert.match(error.message, /there are more than/);
        return true;
      });
    }
  });
});
