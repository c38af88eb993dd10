import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tap } from '../../../../src/runtime/streams/tap.ts';
import { inPieces } from '../../../support/fixtures/byte-streams.ts';

describe('tap', () => {
  it('passes all pieces on, and shows the length of each before that', async () => {
    const seen: number[] = [];
    const passed: number[] = [];
    for await (const bytes of tap(inPieces(Buffer.alloc(25), 10), { onBytes: (length) => seen.push(length) })) {
      passed.push(bytes.length);
      assert.deepEqual(seen, passed);
    }
    assert.deepEqual(passed, [10, 10, 5]);
  });

  it('shows the error of its source and throws it on', async () => {
    const broken = new Error('broken');
    async function* source() {
      yield Buffer.alloc(3);
      throw broken;
    }
    const errors: unknown[] = [];
    let bytes = 0;
    const tapped = tap(source(), { onBytes: (length) => (bytes += length), onError: (error) => errors.push(error) });
    await assert.rejects(Array.fromAsync(tapped), broken);
    assert.deepEqual([bytes, errors], [3, [broken]]);
  });

  it('ends its source when its reader leaves early, which is no error', async () => {
    let ended = false;
    async function* source() {
      try {
        yield Buffer.alloc(3);
        yield Buffer.alloc(3);
      } finally {
        ended = true;
      }
    }
    const errors: unknown[] = [];
    for await (const _ of tap(source(), { onBytes: () => undefined, onError: (error) => errors.push(error) })) {
      break;
    }
    assert.deepEqual([ended, errors], [true, []]);
  });
});
