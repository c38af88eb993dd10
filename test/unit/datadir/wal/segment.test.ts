import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { RecordEncoder, type RecordKind } from '../../../../src/datadir/wal/record.ts';
import { readSegment, type SegmentEnd } from '../../../../src/datadir/wal/segment.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { arbitraryMessage } from '../../../support/fuzz/arbitrary-messages.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';

const { signal } = new AbortController();

/** Records of all kinds, one of them empty, one without padding. */
const RECORDS: readonly (readonly [RecordKind, string | undefined])[] = [
  ['crc', undefined],
  ['metadata', 'who'],
  ['entry', 'a longer record'],
  ['state', ''],
  ['snapshot', 'x'],
];

/** A segment with zeros after its records, and where each of its records begins, with the end of the last. */
function sampleSegment(): { readonly bytes: Buffer; readonly starts: readonly number[] } {
  const encoder = new RecordEncoder(0);
  const frames = RECORDS.map(([kind, text]) =>
    encoder.encode(kind, text === undefined ? undefined : Buffer.from(text)),
  );
  const starts = [0];
  for (const frame of frames) {
    starts.push((starts.at(-1) ?? 0) + frame.length);
  }
  return { bytes: Buffer.concat([...frames, Buffer.alloc(512)]), starts };
}

async function read(
  file: string,
  position: 'last' | 'earlier',
): Promise<{ readonly end: SegmentEnd; readonly records: readonly (readonly [RecordKind, string])[] }> {
  const records: (readonly [RecordKind, string])[] = [];
  const end = await readSegment({ file, position, crc: 0, views: 'passing', signal }, ({ kind, data }) =>
    records.push([kind, Buffer.from(data).toString()]),
  );
  return { end, records };
}

test('records are read as they were encoded, up to the zeros', async () => {
  using temp = makeTempDir();
  const file = temp.join('segment.wal');
  const { bytes, starts } = sampleSegment();
  writeFileSync(file, bytes);
  const { end, records } = await read(file, 'last');
  assert.deepEqual(records, RECORDS.slice(1));
  assert.equal(end.offset, starts.at(-1));
  assert.equal(end.torn, undefined);
  assert.ok(starts.every((start) => start % 8 === 0));
});

test('a segment cut at any byte ends with its last whole record, and is damage unless it is the last segment', async () => {
  using temp = makeTempDir();
  const file = temp.join('segment.wal');
  const { bytes, starts } = sampleSegment();
  for (let length = 0; length < (starts.at(-1) ?? 0); length++) {
    writeFileSync(file, bytes.subarray(0, length));
    const { end } = await read(file, 'last');
    const whole = starts.findLast((start) => start <= length);
    assert.equal(end.offset, whole, `cut to ${length}`);
    assert.equal(end.torn === undefined, whole === length, `cut to ${length}`);
    if (whole !== length) {
      await assert.rejects(read(file, 'earlier'), Damage, `cut to ${length}`);
    }
  }
});

test('any bytes are read as a segment or refused', async () => {
  using temp = makeTempDir();
  const file = temp.join('segment.wal');
  // Frames with a length that fits more often than chance would have it.
  const frame = fc
    .tuple(arbitraryMessage, fc.integer({ min: 0, max: 255 }), fc.integer({ min: -8, max: 8 }))
    .map(([record, top, off]) => {
      const padding = (8 - (record.length % 8)) % 8;
      const head = Buffer.alloc(8);
      head.writeBigUInt64LE(BigInt(Math.max(0, record.length + off)) | (BigInt(top) << 56n));
      return Buffer.concat([head, record, Buffer.alloc(padding)]);
    });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.array(frame, { maxLength: 6 }).map((frames) => Buffer.concat(frames)),
        fc.uint8Array({ maxLength: 2000 }),
      ),
      fc.constantFrom('last' as const, 'earlier' as const),
      async (bytes, position) => {
        writeFileSync(file, bytes);
        const reading = { file, position, crc: 0, views: 'passing', signal } as const;
        try {
          const end = await readSegment(reading, () => undefined);
          assert.ok(end.offset <= bytes.length);
        } catch (error) {
          assert.ok(error instanceof Damage, String(error));
        }
      },
    ),
    { numRuns: randomWalkLength({ usual: 300, long: 3000 }) },
  );
});
