import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lazyBody } from '../../../../src/runtime/streams/lazy.ts';
import { collected } from '../../../support/fixtures/byte-streams.ts';

test('a body is opened when its first bytes are asked for, and passes unchanged', async () => {
  let opened = 0;
  async function* content(): AsyncGenerator<Uint8Array, void, undefined> {
    yield Buffer.from('one');
    yield Buffer.from('two');
  }
  const body = lazyBody(async () => {
    opened += 1;
    return content();
  });
  const iterator = body[Symbol.asyncIterator]();
  assert.equal(opened, 0);
  assert.equal(String((await iterator.next()).value), 'one');
  assert.equal(String((await iterator.next()).value), 'two');
  assert.equal((await iterator.next()).done, true);
  assert.equal(opened, 1);
});

test('an error of the source passes unchanged', async () => {
  const broken = new Error('the connection broke');
  await assert.rejects(
    collected(
      lazyBody(async () => {
        throw broken;
      }),
    ),
    broken,
  );
});

test('a reader that leaves early lets the source go', async () => {
  let ended = false;
  async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        yield Buffer.from('more');
      }
    } finally {
      ended = true;
    }
  }
  for await (const _ of lazyBody(async () => endless())) {
    break;
  }
  assert.equal(ended, true);
});
