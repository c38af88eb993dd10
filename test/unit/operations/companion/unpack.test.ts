import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pack } from 'tar-stream';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { ArchiveDamage } from '../../../../src/operations/companion/archive-damage.ts';
import { unpackFiles } from '../../../../src/operations/companion/unpack.ts';
import { decompress } from '../../../../src/snapshot/compression.ts';
import { noMounts, unlessRoot } from '../../../support/context/skip-reasons.ts';
import { collected, inPieces } from '../../../support/fixtures/byte-streams.ts';

/** Of a run that nobody aborts. */
const running = new AbortController().signal;

type Header = Parameters<ReturnType<typeof pack>['entry']>[0];

/** An archive of these entries; files have the content `x` unless another is given. */
async function archiveOf(...entries: readonly (Header & { readonly content?: string })[]): Promise<Buffer> {
  const archive = pack();
  for (const { content = 'x', ...header } of entries) {
    if (header.type === undefined) {
      archive.entry(header, content);
    } else {
      archive.entry(header);
    }
  }
  archive.finalize();
  return await collected(archive as AsyncIterable<Uint8Array>);
}

function unpack(archive: Uint8Array, directory: string, owners: 'kept' | 'ours' = 'ours'): Promise<number> {
  return unpackFiles(inPieces(archive, 512), directory, { signal: running, owners });
}

async function refused(archive: Uint8Array, directory: string, found: RegExp): Promise<void> {
  await assert.rejects(unpack(archive, directory), (error) => {
    assert.ok(error instanceof ArchiveDamage, String(error));
    assert.match(error.message, found);
    return true;
  });
}

describe('unpackFiles', () => {
  it('brings back an archive of the first release', async () => {
    using dir = makeTempDir();
    const stored = readFileSync(join(import.meta.dirname, '../../../fixtures/companion/kubernetes.tar.gz'));
    const owners = process.getuid?.() === 0 ? 'kept' : 'ours';
    const files = await unpackFiles(decompress(inPieces(stored, 100), 'gzip'), dir.join('back'), {
      signal: running,
      owners,
    });
    assert.equal(files, 6);
    const root = dir.join('back/etc/kubernetes-fixture');
    const modeOf = (path: string): string => (lstatSync(`${root}/${path}`).mode & 0o777).toString(8);
    assert.deepEqual(readdirSync(root), ['empty', 'etcd.yaml', 'link', 'long-link', 'pki']);
    assert.equal(readFileSync(`${root}/pki/ca.key`, 'utf8'), 'secret');
    assert.deepEqual([modeOf('pki/ca.key'), modeOf('etcd.yaml'), modeOf('pki')], ['600', '644', '750']);
    assert.equal(lstatSync(`${root}/pki`).mtimeMs, Date.UTC(2026, 0, 2, 3, 4, 5));
    assert.equal(readFileSync(`${root}/pki/${'long-'.repeat(30)}ключ.pem`, 'utf8'), 'long');
    assert.equal(readlinkSync(`${root}/link`), 'pki/ca.key');
    assert.equal(readlinkSync(`${root}/long-link`), `/absolute/${'far-'.repeat(30)}`);
    if (owners === 'kept') {
      const { uid, gid } = lstatSync(`${root}/pki/none`);
      assert.deepEqual({ uid, gid }, { uid: 4_000_000, gid: 5_000_000 });
    }
  });

  it('refuses an archive that is cut short anywhere, altered, or none at all', async () => {
    using dir = makeTempDir();
    const archive = await archiveOf({ name: 'a', content: 'x'.repeat(1000) }, { name: 'b/', type: 'directory' });
    // Header and contents of `a`, header of `b`, the end.
    for (const size of [0, 100, 512, 1000, 1536, 2000, 2048]) {
      await refused(archive.subarray(0, size), dir.join(`cut-${size}`), /end/);
    }
    const altered = Buffer.from(archive);
    altered[5] = 1;
    await refused(altered, dir.join('altered'), /Invalid tar header/);
    await refused(Buffer.alloc(4096, 'no archive'), dir.join('none'), /Invalid tar header/);
  });

  it('refuses an archive with more bytes than it may have, without unpacking them', async () => {
    using dir = makeTempDir();
    const archive = await archiveOf({ name: 'a', content: 'x'.repeat(100_000) });
    let taken = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const piece of inPieces(archive, 512)) {
        taken += piece.length;
        yield piece;
      }
    }
    const unpacked = unpackFiles(counted(), dir.join('back'), { signal: running, owners: 'ours', mostBytes: 10_000 });
    await assert.rejects(
      unpacked,
      (error) => error instanceof ArchiveDamage && /larger than 10000/.test(error.message),
    );
    assert.ok(taken <= 10_000 + 512, `${taken} bytes were taken`);
  });

  it('refuses an archive with more entries than it may have', async () => {
    using dir = makeTempDir();
    const names = ['a', 'b', 'c', 'd'];
    const archive = await archiveOf(...names.map((name) => ({ name })));
    const entries = { signal: running, owners: 'ours', mostEntries: 3 } as const;
    const unpacked = unpackFiles(inPieces(archive, 512), dir.join('back'), entries);
    await assert.rejects(unpacked, (error) => error instanceof ArchiveDamage && /more than 3/.test(error.message));
    assert.deepEqual(readdirSync(dir.join('back')), ['a', 'b', 'c']);
  });

  it('refuses attributes of an entry that are longer than memory should hold', async () => {
    using dir = makeTempDir();
    const archive = await archiveOf({ name: 'a', pax: { comment: 'x'.repeat(5 * 1024 * 1024) } });
    await refused(archive, dir.join('back'), /exceeds max size/);
  });

  it('passes on what reading the archive ends with', async () => {
    using dir = makeTempDir();
    const archive = await archiveOf({ name: 'a', content: 'x'.repeat(100_000) });
    async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
      yield archive.subarray(0, 50_000);
      throw new Error('the store went away');
    }
    await assert.rejects(
      unpackFiles(failing(), dir.join('back'), { signal: running, owners: 'ours' }),
      /^Error: the store went away$/,
    );
  });

  it('never leads out of the directory', async () => {
    using dir = makeTempDir();
    for (const name of ['../out', '/out', 'a/../../out', `${'../'.repeat(50)}out`]) {
      const archive = await archiveOf({ name, pax: { path: name } });
      await refused(archive, dir.join('target'), /which leads out of it/);
    }
    const through = await archiveOf({ name: 'way', type: 'symlink', linkname: dir.path }, { name: 'way/out' });
    await refused(through, dir.join('through'), /it holds way twice/);
    const before = await archiveOf(
      { name: 'way', type: 'symlink', linkname: dir.path },
      { name: 'way', type: 'symlink', linkname: '/' },
    );
    await refused(before, dir.join('before'), /it holds way twice/);
    assert.equal(existsSync(dir.join('out')), false);
  });

  it('makes links last and follows none', async () => {
    using dir = makeTempDir();
    const archive = await archiveOf(
      { name: 'out', type: 'symlink', linkname: '../outside' },
      { name: 'file', mode: 0o640 },
    );
    writeFileSync(dir.join('outside'), 'as it was', { mode: 0o600 });
    await unpack(archive, dir.join('back'));
    assert.equal(readlinkSync(dir.join('back/out')), '../outside');
    assert.equal(lstatSync(dir.join('outside')).mode & 0o777, 0o600);
  });

  it('refuses devices, FIFOs, hard links and a link without a target', async () => {
    using dir = makeTempDir();
    for (const type of ['character-device', 'block-device', 'fifo', 'link'] as const) {
      const archive = await archiveOf({ name: 'special', type, linkname: 'other' });
      await refused(archive, dir.join(type), new RegExp(`special is of type ${type}`));
    }
    const archive = await archiveOf({ name: 'special', type: 'symlink', linkname: 'x', pax: { linkpath: 'x\0y' } });
    await refused(archive, dir.join('target'), /special has no valid target/);
  });

  it('refuses attributes that are too large, and ids that are no numbers', async () => {
    using dir = makeTempDir();
    const large = await archiveOf({ name: 'a', pax: { comment: 'x'.repeat(8 * 1024 * 1024) } });
    await refused(large, dir.join('large'), /Header exceeds max size/);
    await refused(
      await archiveOf({ name: 'a', pax: { uid: 'root' } }),
      dir.join('uid'),
      /owner of a is no valid number/,
    );
    await refused(await archiveOf({ name: 'a', pax: { size: '-1' } }), dir.join('size'), /Invalid header/);
  });

  it('refuses entries that exclude each other', async () => {
    using dir = makeTempDir();
    await refused(await archiveOf({ name: 'a/b' }, { name: 'a' }), dir.join('over'), /it holds a twice/);
    await refused(await archiveOf({ name: 'a' }, { name: 'a/b' }), dir.join('below'), /it holds a\/b twice/);
    const again = await archiveOf({ name: 'a' }, { name: 'a', type: 'directory' });
    await refused(again, dir.join('again'), /it holds a twice/);
  });

  it('takes the later of two files of one path, as tar does', async () => {
    using dir = makeTempDir();
    await unpack(await archiveOf({ name: 'a', mode: 0o644 }, { name: 'a', mode: 0o600 }), dir.join('twice'));
    assert.equal(lstatSync(dir.join('twice/a')).mode & 0o777, 0o600);
  });

  it('never gives rights that only root may give', async () => {
    using dir = makeTempDir();
    const archive = await archiveOf(
      { name: 'setuid', mode: 0o6755 },
      { name: 'directory', type: 'directory', mode: 0o7777 },
    );
    await unpack(archive, dir.join('back'), process.getuid?.() === 0 ? 'kept' : 'ours');
    assert.equal(lstatSync(dir.join('back/setuid')).mode & 0o7777, 0o755);
    assert.equal(lstatSync(dir.join('back/directory')).mode & 0o7777, 0o777);
  });

  it('refuses numbers and names that no file has', async () => {
    using dir = makeTempDir();
    const cases: readonly (readonly [name: string, header: Header, found: RegExp])[] = [
      ['uid', { name: 'a', pax: { uid: '4294967295' } }, /owner of a is no valid number/],
      ['gid', { name: 'a', pax: { gid: '9007199254740993' } }, /group of a is no valid number/],
      ['negative', { name: 'a', pax: { uid: '-2' } }, /owner of a is no valid number/],
      ['mtime', { name: 'a', pax: { mtime: 'yesterday' } }, /time of a is no valid number/],
      ['late', { name: 'a', pax: { mtime: '1e300' } }, /time of a is no valid number/],
      ['after 9999', { name: 'a', pax: { mtime: '253402300800' } }, /time of a is no valid number/],
      ['nul', { name: 'a', pax: { path: 'a\0b' } }, /it holds the path "a\\u0000b", with a NUL in it/],
      ['no name', { name: '.' }, /it holds the path "\.", which names nothing in it/],
      ['nul link', { name: 'a', type: 'symlink', linkname: 'x', pax: { linkpath: 'x\0y' } }, /no valid target/],
      ['long', { name: 'x'.repeat(300) }, /x… with a longer name than files can have|x with a longer name/],
      ['long part', { name: `a/${'y'.repeat(260)}/b` }, /with a longer name than files can have/],
      ['deep', { name: 'd/'.repeat(300).concat('f') }, /a path of 301 directories inside each other/],
    ];
    for (const [name, header, found] of cases) {
      await refused(await archiveOf(header), dir.join(name), found);
    }
    if (process.getuid?.() === 0) {
      const highest = await archiveOf({ name: 'a', pax: { uid: '4294967294', gid: '4294967294' } });
      await unpack(highest, dir.join('highest'), 'kept');
      assert.equal(lstatSync(dir.join('highest/a')).uid, 4_294_967_294);
    }
  });

  it('refuses an archive that is cut after attributes that nothing follows', async () => {
    using dir = makeTempDir();
    const whole = await archiveOf({ name: 'a' }, { name: 'b', pax: { comment: 'text' } });
    // Header and contents of `a`, header and contents of the attributes of `b`.
    await refused(whole.subarray(0, 4 * 512), dir.join('cut'), /it ends too early/);
    await refused(whole.subarray(0, 3 * 512), dir.join('shorter'), /end/);
    await unpack(whole, dir.join('whole'));
  });

  it('ends with the reason of an abort', async () => {
    using dir = makeTempDir();
    const archive = await archiveOf({ name: 'a' }, { name: 'b' }, { name: 'c' });
    const stop = new AbortController();
    async function* stopping(): AsyncGenerator<Uint8Array> {
      yield archive.subarray(0, 1024);
      stop.abort(new Error('stopped by the user'));
      yield archive.subarray(1024);
      await Promise.resolve();
    }
    await assert.rejects(
      unpackFiles(stopping(), dir.join('back'), { signal: stop.signal, owners: 'ours' }),
      /^Error: stopped by the user$/,
    );
  });

  it('says what is wrong with the directory', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('file'), '');
    const archive = await archiveOf({ name: 'a' });
    await assert.rejects(unpack(archive, dir.join('file')), {
      code: 'not_a_directory',
      message: `cannot unpack companions into ${dir.join('file')}: a file of this name is in the way; choose another path`,
    });
    await assert.rejects(unpack(archive, dir.join('file/below')), { code: 'not_a_directory' });
  });

  it('says that the volume is full', { skip: unlessRoot }, async (t) => {
    using dir = makeTempDir();
    const { execFileSync } = await import('node:child_process');
    mkdirSync(dir.join('small'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', dir.join('small')], { stdio: 'ignore' });
    } catch (error) {
      t.skip(noMounts(error));
      return;
    }
    try {
      const archive = await archiveOf({ name: 'a', content: 'x'.repeat(1024 * 1024) });
      await assert.rejects(unpack(archive, dir.join('small')), {
        code: 'no_space',
        message:
          /^cannot unpack companions into .*: no space is left on the volume: at least \S+ [KM]iB are needed, 6\d\.0 KiB were free/,
      });
    } finally {
      execFileSync('umount', [dir.join('small')]);
    }
  });
});
