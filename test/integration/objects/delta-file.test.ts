import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { expandedDelta } from '../../../src/objects/delta-file.ts';
import { compress } from '../../../src/snapshot/compression.ts';
import type { Compression } from '../../../src/snapshot/snapshot.ts';
import { unlessLinux } from '../../support/context/skip-reasons.ts';

const compressions = ['none', 'gzip', 'zlib', 'lzw', 'zstd'] as const satisfies readonly Compression[];

for (const compression of compressions) {
  test(`a delta (${compression}) whose first piece nobody asks for is not opened`, async () => {
    using dir = makeTempDir();
    const file = dir.join('missing');
    const body = expandedDelta({ stored: { kind: 'file', path: file }, compression });
    // Longer than an open of the same file would take.
    for (let turn = 0; turn < 5; turn++) {
      await assert.rejects(access(file));
    }
    await assert.rejects(body.next(), { code: 'ENOENT' });
  });

  test(`a delta (${compression}) is closed when its reader stops early`, {
    skip: unlessLinux,
  }, async () => {
    using dir = makeTempDir();
    const file = dir.join('delta');
    // Nothing that a compressor makes so small that it is read at once.
    const pieces = await Array.fromAsync(compress(someBytes(randomBytes(5_000_000)), compression));
    writeFileSync(file, Buffer.concat(pieces));
    const body = expandedDelta({ stored: { kind: 'file', path: file }, compression });
    await body.next();
    assert.equal(openHandles(file), 1);
    await body.return();
    assert.equal(openHandles(file), 0);
  });
}

for (const compression of compressions) {
  test(`a delta (${compression}) in memory expands to the same as one in a file`, async () => {
    using dir = makeTempDir();
    const file = dir.join('delta');
    const contents = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(2_000_000)]);
    const bytes = new Uint8Array(Buffer.concat(await Array.fromAsync(compress(someBytes(contents), compression))));
    writeFileSync(file, bytes);
    for (const stored of [
      { kind: 'file', path: file },
      { kind: 'memory', bytes },
    ] as const) {
      const pieces: Buffer[] = [];
      for await (const piece of expandedDelta({ stored, compression })) {
        // Its memory serves again.
        pieces.push(Buffer.from(piece));
      }
      assert.ok(Buffer.concat(pieces).equals(contents), stored.kind);
    }
  });
}

async function* someBytes(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

function openHandles(file: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === file;
    } catch {
      return false;
    }
  }).length;
}
