import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
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
  ['empty', Buffer.alloc(0), /it is empty/],
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

test('databases, whole or damaged, and compressed ones are not taken for anything else', async () => {
  using dir = makeTempDir();
  const database = goldenDatabase('etcd-3.5/gzip');
  const zeroed = Buffer.from(database);
  zeroed.fill(0, 0, 4_096);
  for (const bytes of [database, zeroed, gzipSync(database), database.subarray(0, 100), Buffer.alloc(8_192)]) {
    await writeFile(dir.join('db'), bytes);
    const { store } = await openSnapshotFile(dir.join('db'), { hash: 'optional' });
    await store[Symbol.asyncDispose]();
  }
  await assert.rejects(openSnapshotFile('-', { hash: 'needed' }), /standard input cannot be read twice; give a file/);
});
