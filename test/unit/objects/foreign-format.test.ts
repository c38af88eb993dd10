import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { openSnapshotFile } from '../../../src/objects/single-file-store.ts';
import { goldenDatabase } from '../../support/datadir/golden.ts';

const tar = Buffer.alloc(1_024);
tar.write('member/snap/db', 0);
tar.write('ustar', 257);

const CASES: readonly (readonly [what: string, bytes: Uint8Array, says: RegExp])[] = [
  ['zip', Buffer.from('PK\x03\x04rest'), /it is a ZIP archive; unpack it, and give the file inside \(k3s/],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), /compressed with xz/],
  ['bzip2', Buffer.from('BZh91AY'), /compressed with bzip2/],
  ['tar', tar, /it is a tar archive/],
  ['html', Buffer.from('\n<!DOCTYPE html><html>'), /a page of HTML or XML.*fetch the file again/],
  ['xml', Buffer.from('\u{feff}<?xml version="1.0"?><Error/>'), /a page of HTML or XML/],
  ['json', Buffer.from('{"error":"denied"}'), /it is JSON/],
  ['text', Buffer.from('root:x:0:0:root:/root:/bin/bash\n'), /it is text; give a full snapshot/],
  ['text of another script', Buffer.from('снимок '.repeat(99)), /it is text; give/],
  ['empty', Buffer.alloc(0), /it is empty/],
  ['a program', Buffer.from('\x7fELF\x02\x01\x01\0\0'), /it is a program; give a full snapshot/],
  ['SQLite', Buffer.from('SQLite format 3\0\x10\0'), /it is a database of SQLite, not of etcd; give/],
  ['a picture', Buffer.from('89504e470d0a1a0a0000', 'hex'), /it is a picture \(PNG\); give/],
  ['a PDF', Buffer.from('%PDF-1.4\n'), /it is a document \(PDF\); give/],
  ['UTF-16', Buffer.from('\u{feff}hello', 'utf16le'), /it is text \(UTF-16\); give/],
  [
    'zeros',
    Buffer.alloc(1_000_000),
    /it is not a snapshot of etcd: it begins with zeros, not as a database; give .* if it was one/,
  ],
  [
    'noise',
    randomBytes(8_192).fill(0xab, 0, 10),
    /it is not a snapshot of etcd: it begins with the bytes (ab ){7}ab, not as/,
  ],
  ['one byte', Buffer.from([3]), /it begins with the bytes 03, not/],
];

for (const [what, bytes, says] of CASES) {
  test(`a file that is ${what} is called so`, async () => {
    using dir = makeTempDir();
    await writeFile(dir.join('snapshot.db'), bytes);
    for (const hash of ['needed', 'optional'] as const) {
      await assert.rejects(openSnapshotFile(dir.join('snapshot.db'), { hash }), {
        code: 'not_a_snapshot',
        message: says,
      });
    }
  });
}

test('files that etcd keeps beside its database are called so', async () => {
  using dir = makeTempDir();
  for (const [name, says] of [
    ['0000000000000000-0000000000000000.wal', /a part of etcd's write-ahead log; give the data directory/],
    [
      '0000000000000002-0000000000000009.snap',
      /a file that etcd keeps beside its database, without keys; give the data/,
    ],
  ] as const) {
    await writeFile(dir.join(name), Buffer.from([4, 0, 0, 0, 0, 0, 0, 0x84, 8, 4]));
    await assert.rejects(openSnapshotFile(dir.join(name), { hash: 'optional' }), {
      code: 'not_a_snapshot',
      message: says,
    });
  }
});

const noise = randomBytes(512 * 1024).fill(0, 0, 16);

for (const [how, compressed] of [
  ['gzip', gzipSync],
  ['zlib', deflateSync],
  ['zstd', zstdCompressSync],
] as const) {
  test(`what is compressed with ${how} is called what it is`, async () => {
    using dir = makeTempDir();
    // What follows the beginning is larger than what is looked at.
    const cases = [
      Buffer.concat([tar, noise]),
      Buffer.from('hello\n'),
      Buffer.from('<html>'),
      Buffer.alloc(8_192),
      noise,
    ];
    const said = [
      /expanded, it is a tar archive; unpack it/,
      /expanded, it is text/,
      /expanded, it is a page of HTML/,
      /expanded, it is not a snapshot of etcd: it begins with zeros/,
      /expanded, it is not a snapshot of etcd: it begins with the bytes 00/,
    ];
    for (const [at, content] of cases.entries()) {
      await writeFile(dir.join('snapshot.db'), compressed(content));
      await assert.rejects(openSnapshotFile(dir.join('snapshot.db'), { hash: 'optional' }), {
        code: 'not_a_snapshot',
        message: said[at] ?? /none/,
      });
    }
    for (const content of [goldenDatabase('etcd-3.5/gzip'), Buffer.alloc(0)]) {
      const stored = compressed(content);
      for (const bytes of [stored, stored.subarray(0, 100), stored.subarray(0, 12)]) {
        await writeFile(dir.join('db'), bytes);
        const { store } = await openSnapshotFile(dir.join('db'), { hash: 'optional' });
        await store[Symbol.asyncDispose]();
      }
    }
  });
}

test('databases, whole or damaged, and compressed ones are not taken for anything else', async () => {
  using dir = makeTempDir();
  const database = goldenDatabase('etcd-3.5/gzip');
  const zeroed = Buffer.from(database);
  zeroed.fill(0, 0, 4_096);
  for (const bytes of [database, zeroed, gzipSync(database), gzipSync(zeroed), database.subarray(0, 100)]) {
    await writeFile(dir.join('db'), bytes);
    const { store } = await openSnapshotFile(dir.join('db'), { hash: 'optional' });
    await store[Symbol.asyncDispose]();
  }
  await assert.rejects(openSnapshotFile('-', { hash: 'needed' }), /standard input cannot be read twice; give a file/);
});
