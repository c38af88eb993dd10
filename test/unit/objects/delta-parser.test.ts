import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { DeltaParser } from '../../../src/objects/delta-parser.ts';
import { type DeltaSummary, deltaRecords, type RecordOptions } from '../../../src/objects/delta-records.ts';
import { DeltaEncoder } from '../../../src/snapshot/delta/delta-encoder.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
import { inPieces, seededBytes, seededRandom } from '../../support/fixtures/byte-streams.ts';
import { del, put } from '../../support/fixtures/delta-events.ts';
import { goldenObjects } from '../../support/fixtures/golden-store.ts';

/** What came out of a delta: records as hex, with the size of each key before it. */
interface Outcome {
  readonly records: readonly string[];
  readonly end: DeltaSummary | string;
}

async function outcomeOf(
  bytes: Uint8Array,
  options: RecordOptions & { readonly lane?: DeltaParser },
  pieceSize: number,
): Promise<Outcome> {
  const records: string[] = [];
  const reading = deltaRecords(inPieces(bytes, pieceSize), options);
  try {
    for (;;) {
      const step = await reading.next();
      if (step.done) {
        const { leases, ...rest } = step.value;
        return { records, end: { ...rest, leases: leases.toSorted() } };
      }
      const batch = step.value;
      let at = 0;
      for (let index = 0; index < batch.count; index++) {
        const key = batch.sizes[index * 2] ?? 0;
        const size = key + (batch.sizes[index * 2 + 1] ?? 0);
        records.push(`${key} ${Buffer.from(batch.bytes.subarray(at, at + size)).toString('hex')}`);
        at += size;
      }
    }
  } catch (error) {
    return { records: [], end: String(error) };
  }
}

const lane = new DeltaParser();

/** Reads `bytes` with the lane and without it, and expects the same. */
async function expectSame(bytes: Uint8Array, options: RecordOptions, pieceSize: number): Promise<Outcome> {
  const slow = await outcomeOf(bytes, options, pieceSize);
  assert.deepEqual(await outcomeOf(bytes, { ...options, lane }, pieceSize), slow);
  return slow;
}

function framed(text: Uint8Array): Buffer {
  return Buffer.concat([text, createHash('sha256').update(text).digest()]);
}

/** A delta's bytes, each event seen at `time`. */
function delta(events: readonly DeltaEvent[], time = { seconds: 1_795_251_538, nanos: 867_465_297 }): Buffer {
  const encoder = new DeltaEncoder();
  for (const event of events) {
    encoder.append(event, time);
  }
  return framed(Buffer.concat(encoder.finish()).subarray(0, encoder.size));
}

/** Transactions of 1 to 3 changes from revision 11 on; sizes of keys and values around whole blocks of base64. */
function mixed(count: number, seed: number): DeltaEvent[] {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const events: DeltaEvent[] = [];
  for (let at = 11; events.length < count; at++) {
    for (let more = below(3); more >= 0; more--) {
      const key = Buffer.from(seededBytes(1 + below(40), below(1e9))).toString('latin1');
      const rest = {
        value: Buffer.from(seededBytes(below(4) === 0 ? 0 : below(130), below(1e9))),
        createRevision: put('', 1 + below(at)).modRevision,
        version: 1 + below(4) ** 12,
        lease: below(3) === 0 ? BigInt(below(5)) * 2_305_843_009_213_693_951n : 0n,
      };
      events.push(below(5) === 0 ? del(key, at) : put(key, at, rest));
    }
  }
  return events;
}

for (const { key, bytes } of goldenObjects('etcd-3.5/none').filter((object) => object.key.includes('Incr'))) {
  test(`${key}: records of the fast lane are those of the reader`, async () => {
    const after = Number(/Incr-(\d+)-/.exec(key)?.[1]) - 1;
    const { records } = await expectSame(bytes, { after }, 1 << 20);
    assert.ok(records.length > 0);
  });
}

test('most events take the fast lane, whatever is in them', () => {
  const events = mixed(2_000, 7);
  const text = delta(events);
  const counted = new DeltaParser();
  let taken = 0;
  const open = counted.for.bind(counted);
  counted.for = (options, isOpen) => {
    const inner = open(options, isOpen);
    return {
      memory: (length) => inner.memory(length),
      run: (start, end) => {
        const before = options.encoder.added;
        const stopped = inner.run(start, end);
        taken += options.encoder.added - before;
        return stopped;
      },
    };
  };
  return outcomeOf(text, { after: 10, lane: counted }, 1 << 16).then(({ records }) => {
    assert.equal(records.length, events.length);
    // The first of all, and those cut by the end of a piece, do not.
    assert.ok(taken > events.length * 0.98, `${taken} of ${events.length}`);
  });
});

for (const pieceSize of [17, 100, 4096, 1 << 20]) {
  test(`random events in pieces of ${pieceSize} bytes become the same records, with and without leases`, async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const bytes = delta(mixed(60, seed));
      const all = await expectSame(bytes, { after: 10 }, pieceSize);
      assert.ok(typeof all.end === 'object' && all.records.length >= 60);
      await expectSame(bytes, { after: 10, keptLeases: [4_611_686_018_427_387_902n] }, pieceSize);
      await expectSame(bytes, { after: 10, until: 25 }, pieceSize);
      await expectSame(bytes, { after: 22 }, pieceSize);
      const gap = await expectSame(bytes, { after: 5 }, pieceSize);
      assert.equal(typeof gap.end, 'string');
    }
  });
}

test('values larger than the lane has room for, and deltas larger than its memory, are read as well', async () => {
  const sizes = [100, 200_000, 300_000, 400_000, 3_000_000, 100];
  const events = sizes.map((size, at) => put(`/k/${at}`, 11 + at, { value: seededBytes(size, at) }));
  for (const pieceSize of [1 << 16, 1 << 20, 1 << 24]) {
    const { records } = await expectSame(delta(events), { after: 10 }, pieceSize);
    assert.equal(records.length, sizes.length);
  }
});

test('times at the edges of the calendar are read alike', async () => {
  const day = 86_400;
  for (const text of ['2024-02-29', '2023-03-01', '2026-12-31', '1970-01-01', '0001-01-01', '9999-12-31']) {
    const seconds = Date.parse(`${text}T00:00:00Z`) / 1000;
    for (const at of [seconds, seconds + day - 1]) {
      await expectSame(delta(mixed(5, 3), { seconds: at, nanos: 120_000_000 }), { after: 10 }, 4096);
    }
  }
});

test('however a text is changed, the fast lane says what the reader says', async () => {
  const sound = delta(mixed(12, 42)).subarray(0, -32);
  const edit = fc.record({
    at: fc.nat({ max: sound.length - 1 }),
    remove: fc.nat({ max: 9 }),
    insert: fc.oneof(
      fc.constantFrom(
        '',
        '0',
        '=',
        '"',
        ',',
        '}',
        '-1',
        ' ',
        '\\u0061',
        '9007199254740993',
        '18446744073709551616',
        'Z',
      ),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
  });
  let read = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(edit, { minLength: 1, maxLength: 2 }),
      fc.integer({ min: 1, max: 4000 }),
      async (edits, pieceSize) => {
        let text: Buffer = sound;
        for (const { at, remove, insert } of edits) {
          text = Buffer.concat([text.subarray(0, at), Buffer.from(insert, 'latin1'), text.subarray(at + remove)]);
        }
        const { end } = await expectSame(framed(text), { after: 10 }, pieceSize);
        read += typeof end === 'object' ? 1 : 0;
      },
    ),
    { numRuns: 1500, seed: 20_261_121 },
  );
  assert.ok(read > 50 && read < 1450, `${read} of 1500 texts were sound`);
});
