import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { packFiles } from '../../../../src/operations/companion/pack.ts';
import { encodeTarHeader, padded, TarDamage, type TarEntry } from '../../../../src/operations/companion/tar-header.ts';
import { unpackFiles } from '../../../../src/operations/companion/unpack.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { collected, inPieces } from '../../../support/fixtures/byte-streams.ts';

const longName = `${'long-'.repeat(40)}ключ.pem`;

/** Certificates and manifests as they lie on a machine. */
function laidOut(dir: TempDir): string {
  const root = dir.join('etc');
  mkdirSync(`${root}/pki/${'deep/'.repeat(30)}`, { recursive: true });
  writeFileSync(`${root}/pki/ca.key`, 'secret', { mode: 0o600 });
  writeFileSync(`${root}/pki/empty`, '');
  writeFileSync(`${root}/pki/${longName}`, Buffer.alloc(1000, 7));
  writeFileSync(`${root}/manifest.yaml`, Buffer.alloc(512, 65), { mode: 0o644 });
  symlinkSync('pki/ca.key', `${root}/link`);
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
  for (const path of ['pki/ca.key', 'pki/empty', 'manifest.yaml', 'pki']) {
    const [was, is] = [lstatSync(`${root}/${path}`), lstatSync(`${found}/${path}`)];
    assert.equal(is.mode, was.mode, path);
    assert.equal(is.uid, was.uid, path);
    assert.equal(Math.floor(is.mtimeMs / 1000), Math.floor(was.mtimeMs / 1000), path);
  }
}

describe('an archive of files', () => {
  test('brings everything back: contents, modes, times, links and long names', async () => {
    using dir = makeTempDir();
    const root = laidOut(dir);
    const bytes = await collected(pack(root));
    for (const size of [513, 700, 100_000]) {
      const into = dir.join(`back-${size}`);
      await unpackFiles(inPieces(bytes, size), into, {
        owners: 'ours',
      });
      assertSame(`${into}${root}`, root);
    }
  });

  test('is one that tar reads, and one of tar is read', async () => {
    using dir = makeTempDir();
    const root = laidOut(dir);
    writeFileSync(dir.join('ours.tar'), await collected(pack(root)));
    mkdirSync(dir.join('by-tar'));
    execFileSync('tar', ['-xpf', dir.join('ours.tar'), '-C', dir.join('by-tar')]);
    assertSame(`${dir.join('by-tar')}${root}`, root);
    execFileSync('tar', ['--format=pax', '-cf', dir.join('theirs.tar'), '-C', dir.path, 'etc']);
    await unpackFiles(Readable.from([readFileSync(dir.join('theirs.tar'))]), dir.join('by-us'), { owners: 'ours' });
    assertSame(dir.join('by-us/etc'), root);
  });

  test('names the file that is missing', async () => {
    await assert.rejects(
      collected(pack('/nowhere/at/all')),
      (error) =>
        error instanceof Failure && /cannot include \/nowhere\/at\/all: there is no such file/.test(error.message),
    );
  });

  test('that is cut short or altered is refused', async () => {
    using dir = makeTempDir();
    const bytes = await collected(pack(laidOut(dir)));
    await assert.rejects(
      unpackFiles(inPieces(bytes.subarray(0, 1500), 512), dir.join('a'), { owners: 'ours' }),
      TarDamage,
    );
    const altered = Buffer.from(bytes);
    altered[5] = 1;
    await assert.rejects(unpackFiles(inPieces(altered, 512), dir.join('b'), { owners: 'ours' }), TarDamage);
  });

  test('never leads out of the directory', async () => {
    using dir = makeTempDir();
    const entry = (path: string, kind: TarEntry['kind'] = 'file', target?: string): Buffer =>
      Buffer.concat([
        encodeTarHeader({
          path,
          kind,
          mode: 0o600,
          uid: 0,
          gid: 0,
          size: kind === 'file' ? 1 : 0,
          modified: 0,
          target,
        }),
        kind === 'file' ? padded(Buffer.from('x')) : Buffer.alloc(0),
      ]);
    for (const path of ['../out', '/out', 'a/../../out', '']) {
      await assert.rejects(
        unpackFiles(Readable.from([entry(path)]), dir.join('target'), { owners: 'ours' }),
        TarDamage,
        path,
      );
    }
    const through = [entry('way', 'symlink', dir.path), entry('way/out'), Buffer.alloc(1024)];
    await assert.rejects(unpackFiles(Readable.from(through), dir.join('target'), { owners: 'ours' }));
    assert.equal(existsSync(dir.join('out')), false);
  });

  test('is not unpacked over other files', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('mine'), '');
    await assert.rejects(
      unpackFiles(Readable.from([Buffer.alloc(1024)]), dir.path, { owners: 'ours' }),
      (error) => error instanceof Failure && error.code === 'companion_target',
    );
  });
});
