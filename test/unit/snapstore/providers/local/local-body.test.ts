import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { makeTempDir } from '../../../../../scripts/lab/temp-dir.ts';
import { localBody } from '../../../../../src/snapstore/providers/local/local-body.ts';
import { collected, seededBytes } from '../../../../support/fixtures/byte-streams.ts';

const KiB = 1024;
const CONTENT = seededBytes(11 * 512 * KiB + 700, 3);
const signal = new AbortController().signal;

async function bodyOf(file: string, onReusedPiece?: (size: number) => void) {
  writeFileSync(file, CONTENT);
  return localBody({ handle: await open(file), path: file, size: CONTENT.length }, { signal, onReusedPiece });
}

test('pieces whose memory serves again stay as they are until the second one after them is asked for', async () => {
  using directory = makeTempDir();
  let told = 0;
  const body = await bodyOf(directory.join('file'), (size) => {
    told += size;
  });
  const memory = new Set<ArrayBufferLike>();
  let before: Uint8Array | undefined;
  let at = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    // What is read ahead meanwhile must not go into either.
    await setTimeout(2);
    if (before !== undefined) {
      assert.ok(CONTENT.subarray(at - before.length, at).equals(before), `the piece before ${at}`);
    }
    assert.ok(CONTENT.subarray(at, at + piece.length).equals(piece), `the piece at ${at}`);
    memory.add(piece.buffer);
    before = piece;
    at += piece.length;
  }
  assert.equal(at, CONTENT.length);
  assert.equal(told, CONTENT.length);
  assert.equal(memory.size, 4);
});

test('pieces are the readers own where nobody says otherwise', async () => {
  using directory = makeTempDir();
  // It keeps all of them.
  assert.ok((await collected(await bodyOf(directory.join('file')))).equals(CONTENT));
});
