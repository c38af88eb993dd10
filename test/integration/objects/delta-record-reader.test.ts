import assert from 'node:assert/strict';
import { createHash, hash } from 'node:crypto';
import { test } from 'node:test';
import { DeltaRecordReader } from '../../../src/objects/delta-record-reader.ts';
import type { DeltaSummary, RecordOptions } from '../../../src/objects/record-decoder.ts';
import { BackgroundSha256 } from '../../../src/runtime/process/background-sha256.ts';
import { DeltaEncoder } from '../../../src/snapshot/delta/delta-encoder.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
import { WasmDeltaParser } from '../../../src/wasm/delta-parser.ts';
import { deltaObject } from '../../support/fixtures/backup-objects.ts';
import { inPieces, seededBytes, seededRandom } from '../../support/fixtures/byte-streams.ts';
import { del, put } from '../../support/fixtures/delta-events.ts';
import { goldenObjects } from '../../support/fixtures/golden-store.ts';
import { randomWalkLength } from '../../support/fixtures/random-walk-length.ts';
import { fc } from '../../support/fuzz/seeded-properties.ts';

/** What came out of a delta: records as hex, large ones as a hash, with the size of each key before it. */
interface Outcome {
  readonly records: readonly string[];
  readonly end: DeltaSummary | string;
}

async function outcomeOf(
  reader: DeltaRecordReader,
  bytes: Uint8Array,
  options: RecordOptions,
  pieceSize: number,
  background?: BackgroundSha256,
): Promise<Outcome> {
  const records: string[] = [];
  const reading = reader.read(inPieces(bytes, pieceSize), options, background);
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
        const record = batch.bytes.subarray(at, at + size);
        records.push(`${key} ${size > 10_000 ? hash('sha256', record) : Buffer.from(record).toString('hex')}`);
        at += size;
      }
    }
  } catch (error) {
    return { records: [], end: String(error) };
  }
}

const withParser = new DeltaRecordReader({ parserFrom: 0 });
const withoutParser = new DeltaRecordReader({ parserFrom: Number.POSITIVE_INFINITY });

/** Reads `bytes` with the WASM parser, without it, with it from the middle on, and hashed on another thread, and expects the same. */
async function expectSame(bytes: Uint8Array, options: RecordOptions, pieceSize: number): Promise<Outcome> {
  const slow = await outcomeOf(withoutParser, bytes, options, pieceSize);
  assert.deepEqual(await outcomeOf(withParser, bytes, options, pieceSize), slow);
  const background = await BackgroundSha256.begin();
  assert.ok(background !== undefined);
  assert.deepEqual(await outcomeOf(withParser, bytes, options, pieceSize, background), slow);
  const late = new DeltaRecordReader({ parserFrom: bytes.length / 2 });
  assert.deepEqual(await outcomeOf(late, bytes, options, pieceSize), slow);
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
  test(`${key}: both ways to read it make the same records`, async () => {
    const after = Number(/Incr-(\d+)-/.exec(key)?.[1]) - 1;
    const { records } = await expectSame(bytes, { after }, 1 << 20);
    assert.ok(records.length > 0);
  });
}

test('most events are parsed in WebAssembly, whatever is in them', async (t) => {
  const events = mixed(2_000, 7);
  const { parse } = WasmDeltaParser.prototype;
  let parsed = 0;
  t.mock.method(
    WasmDeltaParser.prototype,
    'parse',
    function (this: WasmDeltaParser, ...request: Parameters<typeof parse>) {
      const found = parse.apply(this, request);
      parsed += found.records.count;
      return found;
    },
  );
  const { records } = await outcomeOf(withParser, delta(events), { after: 10 }, 1 << 16);
  assert.equal(records.length, events.length);
  // The first of all, and those cut by the end of a piece, are not.
  assert.ok(parsed > events.length * 0.98, `${parsed} of ${events.length}`);
  const before = parsed;
  await outcomeOf(new DeltaRecordReader(), delta(events), { after: 10 }, 1 << 16);
  assert.equal(parsed, before, 'the parser is not loaded for a short delta');
});

for (const pieceSize of [17, 100, 4096, 1 << 20]) {
  const seeds = randomWalkLength({ usual: 2, long: 10 });
  test(`random events in pieces of ${pieceSize} bytes become the same records, with and without leases`, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
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

test('values larger than the parser has room for, and deltas larger than its memory, are read as well', async () => {
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

/** Numbers at the edges of what JavaScript, int64 and uint64 hold, and what is none. */
const NUMBERS = ['0', '-1', '013', '1.5', '1e1', '9007199254740991', '9007199254740993', '9223372036854775807'].concat([
  '9223372036854775808',
  '18446744073709551615',
  '18446744073709551617',
  '99999999999999999999',
]);

/** Text that is base64 by its length or its signs alone, or only almost; some is longer than what is decoded in one go. */
const BASE64 = ['', '=', '====', 'a', 'a2I', 'a2=I', 'a2I==', 'a===', 'a2J=', 'a-I=', 'a2I=a2I='].concat(
  ['=', '-', '_', 'é', '/', '+'].flatMap((sign) =>
    [3, 15, 16, 20].map((at) => `${'QUJD'.repeat(10).slice(0, at)}${sign}${'QUJD'.repeat(10).slice(at + 1)}`),
  ),
);

const TIMES = ['T24:00:00', 'T23:60:00', 'T23:59:60', 't08:58:58', 'T8:58:58'];
const DAYS = [
  '2026-11-31',
  '2026-04-31',
  '2026-02-29',
  '2024-02-29',
  '2026-00-10',
  '2026-13-01',
  '2026-01-00',
  '0000-01-01',
];
const FRACTIONS = ['.123456789Z', '.1234567890Z', '.Z', 'Z', '.5z', '.5+00:00', '.5-07:30'];

test('what is at the edge of an event, or just beyond, makes no difference', async () => {
  const event = (at: number): string =>
    `{"etcdEvent":{"kv":{"key":"a2I=","create_revision":12,"mod_revision":${at},"version":1,"value":"dmFsdWU=","lease":5}},` +
    '"time":"2026-11-21T08:58:58.5Z"}';
  const deletion = '{"etcdEvent":{"type":1,"kv":{"key":"a2I=","mod_revision":14}},"time":"2026-11-21T08:58:58.5Z"}';
  // The first event is never parsed in WebAssembly.
  const whole = `[${event(12)},${event(13)},${deletion}]`;
  const replaced = (part: string, texts: readonly string[]): readonly string[] =>
    texts.map((text) => {
      const place = whole.indexOf(part, event(12).length);
      assert.ok(place > 0, part);
      return whole.slice(0, place) + text + whole.slice(place + part.length);
    });
  const edges = [
    ...replaced(
      '"create_revision":12',
      [...NUMBERS, '14'].map((text) => `"create_revision":${text}`),
    ),
    ...replaced(
      '"mod_revision":13',
      [...NUMBERS, '11', '12', '14', '15'].map((text) => `"mod_revision":${text}`),
    ),
    ...replaced(
      '"version":1',
      NUMBERS.map((text) => `"version":${text}`),
    ),
    ...replaced(
      '"lease":5',
      NUMBERS.map((text) => `"lease":${text}`),
    ),
    ...replaced(
      '"key":"a2I="',
      BASE64.map((text) => `"key":"${text}"`),
    ),
    ...replaced(
      '"value":"dmFsdWU="',
      BASE64.map((text) => `"value":"${text}"`),
    ),
    ...replaced('T08:58:58', TIMES),
    ...replaced('2026-11-21', DAYS),
    ...replaced('.5Z', FRACTIONS),
    ...replaced('"type":1,', ['', '"type":0,', '"type":2,', '"type":01,']),
  ];
  let read = 0;
  for (const text of [whole, ...edges]) {
    const { end } = await expectSame(framed(Buffer.from(text)), { after: 11 }, 1 << 20);
    read += typeof end === 'object' ? 1 : 0;
  }
  assert.ok(read > 20 && read < edges.length - 20, `${read} of ${edges.length} were sound`);
});

test('however a text is changed, the parser makes no difference', async () => {
  const sound = delta(mixed(12, 42)).subarray(0, -32);
  const edit = fc.record({
    at: fc.nat({ max: sound.length - 1 }),
    remove: fc.oneof(fc.constant(1), fc.nat({ max: 9 })),
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
        'A',
        '7',
        '9007199254740993',
        '18446744073709551616',
        'Z',
      ),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
  });
  let read = 0;
  const numRuns = randomWalkLength({ usual: 200, long: 1500 });
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
    { numRuns },
  );
  assert.ok(read > numRuns / 100 && read < numRuns - numRuns / 30, `${read} of ${numRuns} texts were sound`);
});

test('a delta whose hash is wrong is refused, wherever it is hashed', async () => {
  const bytes = Buffer.from(delta(mixed(200, 3)));
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  const { end } = await expectSame(bytes, { after: 10 }, 1000);
  assert.match(String(end), /the SHA-256 at the end is/);
});

test('a delta is hashed on another thread before the memory of its pieces serves again', async () => {
  const value = seededBytes(40_000, 5);
  const bytes = delta(Array.from({ length: 200 }, (_, at) => put(`/k/${at}`, 11 + at, { value })));
  const buffers = [Buffer.alloc(1 << 20), Buffer.alloc(1 << 20)];
  const body = async function* (): AsyncGenerator<Uint8Array, void> {
    for (let at = 0, turn = 0; at < bytes.length; at += 1 << 20, turn++) {
      const piece = buffers[turn % 2]?.fill(0).subarray(0, Math.min(1 << 20, bytes.length - at));
      assert.ok(piece !== undefined);
      piece.set(bytes.subarray(at, at + piece.length));
      yield piece;
    }
  };
  const reading = withParser.read(body(), { after: 10 }, await BackgroundSha256.begin());
  let step = await reading.next();
  while (step.done !== true) {
    withParser.giveBack(step.value);
    step = await reading.next();
  }
  assert.equal(step.value.added, 200);
});

test('however many deltas are read, the memory of used batches is enough for all of them', async () => {
  const reader = new DeltaRecordReader();
  const memory = new Set<ArrayBuffer>();
  const perDelta = 200;
  const value = seededBytes(3_000, 1);
  for (let delta = 0; delta < 20; delta++) {
    const after = delta * perDelta;
    const events = Array.from({ length: perDelta }, (_, at) => put(`/k/${at}`, after + 1 + at, { value }));
    for await (const batch of reader.read(inPieces(deltaObject(events).bytes, 1 << 20), { after })) {
      memory.add(batch.bytes.buffer);
      reader.giveBack(batch);
    }
  }
  assert.ok(memory.size <= 2, `${memory.size} pieces of memory`);
});
