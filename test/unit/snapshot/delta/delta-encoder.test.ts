import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import { DeltaEncoder } from '../../../../src/snapshot/delta/delta-encoder.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { collected, inPieces, seededBytes } from '../../../support/fixtures/byte-streams.ts';
import { decodedDelta } from '../../../support/fixtures/decoded-delta.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';

const GOLDEN = goldenObjects('etcd-3.5/none').filter((object) => object.key.includes('Incr'));

async function eventsOf(bytes: Uint8Array, pieceSize = 1 << 16): Promise<readonly DeltaEvent[]> {
  return (await decodedDelta(inPieces(bytes, pieceSize))).map(({ event }) => event);
}

for (const { key, bytes } of GOLDEN) {
  for (const pieceSize of [1, 7, 33, 1000, 1 << 20]) {
    test(`${key} read in pieces of ${pieceSize} and written again is the same to the byte`, async () => {
      const encoder = new DeltaEncoder();
      for (const { event, time } of await decodedDelta(inPieces(bytes, pieceSize))) {
        encoder.append(event, time);
      }
      const [, first, last] = /Incr-(\d+)-(\d+)/.exec(key) ?? [];
      assert.equal(encoder.firstRevision, Number(first));
      assert.equal(encoder.lastRevision, Number(last));
      const again = Buffer.concat(encoder.finish());
      assert.equal(encoder.size, bytes.length - 32);
      assert.ok(again.equals(bytes));
    });
  }
}

const LEASED = [
  put('a', 2, { value: Buffer.alloc(0), lease: 7n }),
  put('b', 3, { value: Buffer.alloc(0), lease: -(2n ** 63n) }),
];

test('TTLs of leases are a member of the last event; the others and the rest of it are as without them', async () => {
  const time = { seconds: 1_795_251_540, nanos: 0 };
  const plain = new DeltaEncoder();
  const telling = new DeltaEncoder();
  telling.recordLeaseTtl(7n, 70);
  for (const event of LEASED) {
    plain.append(event, time);
    telling.append(event, time);
  }
  telling.recordLeaseTtl(-(2n ** 63n), 9_000_000_000);
  telling.recordLeaseTtl(7n, 71);
  const without = Buffer.concat(plain.finish()).subarray(0, -32).toString();
  const bytes = Buffer.concat(telling.finish());
  const text = bytes.subarray(0, -32).toString();
  assert.equal(text, without.replace(/}]$/, ',"leaseTTLs":{"7":71,"-9223372036854775808":9000000000}}]'));
  for (const pieceSize of [1, 50, 1 << 16]) {
    assert.deepEqual(await eventsOf(bytes, pieceSize), LEASED);
    const decoded = await decodedDelta(inPieces(bytes, pieceSize));
    assert.deepEqual(
      decoded.flatMap(({ leaseTtls }) => [...leaseTtls]),
      [
        [7n, 71],
        [-(2n ** 63n), 9_000_000_000],
      ],
    );
  }
});

test('no events are an empty array', async () => {
  const bytes = Buffer.concat(new DeltaEncoder().finish());
  assert.equal(bytes.subarray(0, -32).toString(), '[]');
  assert.deepEqual(await eventsOf(bytes), []);
});

test('any events survive encoding and decoding in pieces of any size', async () => {
  const arbitraryBytes = (most: number) => fc.uint8Array({ maxLength: most }).map((bytes) => Buffer.from(bytes));
  const arbitraryKey = fc.uint8Array({ minLength: 1, maxLength: 80 }).map((bytes) => Buffer.from(bytes));
  const arbitraryEvent = fc.oneof(
    fc.record({
      type: fc.constant('put' as const),
      key: arbitraryKey,
      value: arbitraryBytes(300),
      version: fc.integer({ min: 1 }),
      lease: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    }),
    fc.record({ type: fc.constant('delete' as const), key: arbitraryKey }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(arbitraryEvent, { maxLength: 20 }),
      fc.integer({ min: 1, max: 2 ** 52 }),
      fc.integer({ min: 1, max: 700 }),
      fc.nat({ max: 999_999_999 }),
      async (parts, from, pieceSize, nanos) => {
        const events = parts.map((part, at): DeltaEvent => {
          const modRevision = revision(from + at);
          return part.type === 'delete'
            ? { ...part, modRevision }
            : { ...part, modRevision, createRevision: revision(Math.ceil((from + at) / 2)) };
        });
        const encoder = new DeltaEncoder();
        for (const event of events) {
          encoder.append(event, { seconds: 1_795_251_566, nanos });
        }
        assert.equal(encoder.count, events.length);
        assert.deepEqual(await eventsOf(Buffer.concat(encoder.finish()), pieceSize), events);
      },
    ),
    { numRuns: randomWalkLength({ usual: 300, long: 3000 }) },
  );
});

test('a value of several megabytes passes through small pieces', async () => {
  const value = seededBytes(6 * 1024 * 1024, 3);
  const encoder = new DeltaEncoder();
  const event: DeltaEvent = {
    type: 'put',
    key: Buffer.from('big'),
    value,
    modRevision: revision(5),
    createRevision: revision(5),
    version: 1,
    lease: 0n,
  };
  encoder.append(event, { seconds: 1, nanos: 0 });
  const [decoded] = await eventsOf(await collected(encoded(encoder)), 16 * 1024);
  assert.ok(decoded?.type === 'put' && value.equals(decoded.value));
});

async function* encoded(encoder: DeltaEncoder): AsyncGenerator<Uint8Array> {
  yield* encoder.finish();
}

test('events cannot go back in revisions', () => {
  const encoder = new DeltaEncoder();
  const event = { type: 'delete', key: Buffer.from('a') } as const;
  encoder.append({ ...event, modRevision: revision(5) }, { seconds: 1, nanos: 0 });
  encoder.append({ ...event, modRevision: revision(5) }, { seconds: 1, nanos: 0 });
  assert.throws(() => encoder.append({ ...event, modRevision: revision(4) }, { seconds: 1, nanos: 0 }), RangeError);
});
