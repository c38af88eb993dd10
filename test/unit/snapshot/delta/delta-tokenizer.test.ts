import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeltaDamage } from '../../../../src/snapshot/damage.ts';
import { DeltaTokenizer } from '../../../../src/snapshot/delta/delta-tokenizer.ts';
import { timeGrowth } from '../../../support/growth/time-growth.ts';

function textOf(valueLength: number): Buffer {
  const kv = `"key":"YQ==","create_revision":2,"mod_revision":2,"version":1,"value":"${'AAAA'.repeat(valueLength / 4)}"`;
  return Buffer.from(`[{"etcdEvent":{"kv":{${kv}}},"time":"2026-01-01T00:00:00Z"}]`);
}

/** Reads `text` in pieces; returns the number of events and of bytes that were fed. */
function read(text: Buffer, pieceSize: number, mostEventBytes?: number): { events: number; fed: number } {
  const tokenizer = new DeltaTokenizer(undefined, mostEventBytes === undefined ? {} : { mostEventBytes });
  let events = 0;
  const take = (): void => {
    while (tokenizer.next() !== undefined) {
      events += 1;
    }
  };
  let fed = 0;
  try {
    for (; fed < text.length; fed += pieceSize) {
      tokenizer.feed(text.subarray(fed, fed + pieceSize));
      take();
    }
  } catch (error) {
    assert.ok(error instanceof DeltaDamage, String(error));
    assert.match(error.message, /longer than/);
    return { events, fed };
  }
  tokenizer.end();
  take();
  return { events, fed };
}

describe('one event of a delta', () => {
  it('is refused when it is too long, without more of it being kept', () => {
    for (const pieceSize of [100, 1_000, 30_000]) {
      const { events, fed } = read(textOf(1_000_000), pieceSize, 64_000);
      assert.equal(events, 0);
      assert.ok(fed <= 64_000 + pieceSize, `${fed} bytes were taken`);
    }
    assert.deepEqual(read(textOf(60_000), 1_000, 64_000).events, 1);
  });

  it('is read in linear time, however small the pieces are', () => {
    for (const pieceSize of [1, 64]) {
      const growth = timeGrowth(
        (size) => {
          assert.equal(read(textOf(size), pieceSize).events, 1);
        },
        { size: 40_000 * Math.sqrt(pieceSize), factor: 10 },
      );
      assert.ok(growth < 40, `pieces of ${pieceSize}: ${growth}`);
    }
  });
});
