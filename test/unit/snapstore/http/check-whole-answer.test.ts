import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { checkWholeAnswer } from '../../../../src/snapstore/http/check-whole-answer.ts';

const task = { action: 'read', object: 's3://bucket/key' };

type Answer = Parameters<typeof checkWholeAnswer>[0];

function checked(answer: Answer, size: number | undefined): Readable {
  const stream = Readable.from([]);
  try {
    checkWholeAnswer(answer, { size }, { stream }, task);
  } catch (error) {
    assert.ok(stream.destroyed, 'its body is not ended');
    throw error;
  }
  return stream;
}

test('an object that comes as it was listed is taken, with the encoding that it was stored with', () => {
  for (const [answer, size] of [
    [{ encoding: undefined, length: 10 }, 10],
    [{ encoding: 'gzip', length: 10 }, 10],
    [{ encoding: 'identity', length: 10 }, 10],
    [{ encoding: undefined, length: 0 }, 0],
    [{ encoding: 'gzip', length: 10 }, undefined],
    [{ encoding: 'gzip', length: undefined }, 10],
    [{ encoding: undefined, length: 10, contentRange: 'bytes 0-9/10' }, 10],
  ] as const) {
    assert.ok(!checked(answer, size).destroyed);
  }
});

test('another length than was listed is refused', () => {
  for (const encoding of [undefined, '', 'identity'] as const) {
    for (const length of [0, 9, 11]) {
      assert.throws(() => checked({ encoding, length }, 10), {
        code: 'store_invalid',
        message: new RegExp(`it was listed with 10 bytes, and has ${length} now; run it again`),
      });
    }
  }
});

test('a part of it, and what was compressed on the way, is refused', () => {
  assert.throws(() => checked({ encoding: 'gzip', length: 12 }, 10), {
    code: 'store_invalid',
    message: /it has 10 bytes, and the answer has 12: something on the way to the store changes answers/,
  });
  for (const contentRange of ['bytes 1-9/10', 'bytes 0-8/10', 'bytes 0-9/*', 'pages 0-9/10']) {
    assert.throws(() => checked({ encoding: undefined, length: 9, contentRange }, 10), {
      code: 'store_invalid',
      message: /sends a part of it where all was asked for/,
    });
  }
});
