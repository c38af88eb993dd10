import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PieceReader } from '../../../../src/runtime/streams/piece-reader.ts';
import { collected, inPieces, seededBytes } from '../../../support/fixtures/byte-streams.ts';

const BYTES = seededBytes(1000, 1);

test('bytes are read by number, whatever the pieces are, and the rest after them', async () => {
  for (const size of [1, 7, 300, 5000]) {
    const reader = new PieceReader(inPieces(BYTES, size));
    const target = Buffer.alloc(410);
    assert.equal(await reader.read(target, { start: 10, end: 20 }), 20);
    assert.equal(await reader.read(target, { start: 20, end: 410 }), 410);
    assert.ok(target.subarray(10).equals(BYTES.subarray(0, 400)));
    assert.ok((await collected(reader.rest())).equals(BYTES.subarray(400)));
    assert.equal(await reader.read(target, { start: 5, end: 10 }), 5);
  }
});

test('fewer bytes are read where the stream ends', async () => {
  const reader = new PieceReader(inPieces(BYTES, 300));
  const target = Buffer.alloc(2000);
  assert.equal(await reader.read(target, { start: 0, end: 2000 }), 1000);
  assert.ok(target.subarray(0, 1000).equals(BYTES));
});

test('an error of the source is thrown once, and the source is not asked to return after it', async () => {
  const lost = new Error('connection lost');
  let returned = 0;
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(lost),
      return: () => {
        returned += 1;
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
  {
    await using reader = new PieceReader(source);
    await assert.rejects(reader.read(Buffer.alloc(1), { start: 0, end: 1 }), lost);
  }
  assert.equal(returned, 0);
});

test('a reader that is disposed of ends its source', async () => {
  let ended = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield BYTES;
      yield BYTES;
    } finally {
      ended = true;
    }
  }
  {
    await using reader = new PieceReader(source());
    await reader.read(Buffer.alloc(1), { start: 0, end: 1 });
  }
  assert.ok(ended);
});

test('what is at hand is read without a wait, and only then', async () => {
  async function* source(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('abcd');
    yield Buffer.from('ef');
  }
  await using reader = new PieceReader(source());
  const target = Buffer.alloc(4);
  assert.equal(reader.readNow(target, { start: 0, end: 1 }), false);
  assert.equal(await reader.read(target, { start: 0, end: 1 }), 1);
  assert.equal(reader.readNow(target, { start: 1, end: 4 }), true);
  assert.equal(target.toString(), 'abcd');
  assert.equal(reader.readNow(target, { start: 0, end: 1 }), false);
  assert.equal(await reader.read(target, { start: 0, end: 4 }), 2);
});
