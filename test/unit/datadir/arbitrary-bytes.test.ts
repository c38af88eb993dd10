import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { checkDatabase } from '../../../src/datadir/bbolt/check.ts';
import { Database } from '../../../src/datadir/bbolt/database.ts';
import { Damage } from '../../../src/datadir/damage.ts';
import { decodeKeyValue } from '../../../src/datadir/mvcc/key-value.ts';
import { decodeConfChange, decodeEntry, decodeHardState } from '../../../src/datadir/raft/raft.ts';
import { decodeRaftRequest } from '../../../src/datadir/raft/raft-request.ts';
import { decodeSnapFile, encodeSnapFile } from '../../../src/datadir/snap/snap-file.ts';
import { readSegment } from '../../../src/datadir/wal/segment.ts';
import { WireError } from '../../../src/protobuf/wire-reader.ts';
import { goldenDatabase } from '../../support/datadir/golden.ts';

// Whatever the bytes are, a parser gives a value or its own kind of error, and soon.

// The same bytes in every run: a finding has to be seen by everybody.
const RUNS = { numRuns: 300, seed: 20_261_121 };
const { signal } = new AbortController();

/** Runs a parser; any error but the given kind is a fault of it. */
function parses(parse: () => unknown, expected: typeof Damage | typeof WireError): void {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof expected, error instanceof Error ? error.stack : String(error));
  }
}

/** Fields as protobuf writes them, with numbers and types that may not fit. */
const message = fc
  .array(
    fc.tuple(
      fc.constantFrom(1, 2, 3, 4, 5, 6, 9, 10, 100, 1000, 1104, 1203),
      fc.constantFrom(0, 1, 2, 5, 7),
      fc.uint8Array({ maxLength: 40 }),
    ),
    { maxLength: 8 },
  )
  .map((fields) =>
    Buffer.concat(
      fields.flatMap(([field, type, bytes]) => {
        const key = (field << 3) | type;
        const head = key < 128 ? [key] : [(key & 127) | 128, key >> 7];
        return [Buffer.from(type === 2 ? [...head, bytes.length] : head), Buffer.from(bytes)];
      }),
    ),
  );

test('messages of the log are read or refused', () => {
  fc.assert(
    fc.property(fc.oneof(message, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      for (const decode of [decodeRaftRequest, decodeEntry, decodeHardState, decodeConfChange]) {
        parses(() => decode(bytes), WireError);
      }
      parses(() => decodeKeyValue(bytes), WireError);
    }),
    { ...RUNS, numRuns: 3000 },
  );
});

test('a .snap file is read or refused, and one that was changed is refused', () => {
  const sound = Buffer.from(
    encodeSnapFile({
      index: 7,
      term: 2,
      confState: { voters: [1n], learners: [] },
      data: Buffer.from('{"Root":{}}'),
    }),
  );
  fc.assert(
    fc.property(fc.oneof(message, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      parses(() => decodeSnapFile(bytes, 'a.snap'), Damage);
    }),
    RUNS,
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: sound.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(sound);
      changed[at] = (changed[at] ?? 0) ^ change;
      assert.throws(() => decodeSnapFile(changed, 'a.snap'), Damage);
    }),
    RUNS,
  );
});

test('a WAL segment is read or refused', async () => {
  using temp = makeTempDir();
  const file = temp.join('segment.wal');
  // Frames with a length that fits more often than chance would have it.
  const frame = fc
    .tuple(message, fc.integer({ min: 0, max: 255 }), fc.integer({ min: -8, max: 8 }))
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
    RUNS,
  );
});

test('a database with any page instead of one of its own is sound, or its damage is told', async () => {
  using temp = makeTempDir();
  const bytes = goldenDatabase('etcd-3.5/gzip');
  const file = temp.join('db');
  writeFileSync(file, bytes);
  await using handle = await open(file, 'r+');
  const pages = bytes.length / 4096;
  const header = fc
    .record({
      flags: fc.constantFrom(0, 1, 2, 4, 16, 3),
      count: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 65_535 })),
      overflow: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff_ffff })),
      element: fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 60 }),
    })
    .chain((parts) => fc.integer({ min: 0, max: pages - 1 }).map((id) => ({ ...parts, id })));
  await fc.assert(
    fc.asyncProperty(
      header,
      fc.uint8Array({ maxLength: 64 }),
      async ({ id, flags, count, overflow, element }, noise) => {
        const page = Buffer.from(bytes.subarray(id * 4096, (id + 1) * 4096));
        page.writeBigUInt64LE(BigInt(id), 0);
        page.writeUInt16LE(flags, 8);
        page.writeUInt16LE(count, 10);
        page.writeUInt32LE(overflow, 12);
        for (const [place, value] of element.entries()) {
          page.writeUInt32LE(value, 16 + 4 * place);
        }
        page.set(noise, 3000);
        await handle.write(page, 0, 4096, id * 4096);
        try {
          await using database = await Database.open(file);
          await checkDatabase(database, { signal });
        } catch (error) {
          assert.ok(error instanceof Damage, error instanceof Error ? error.stack : String(error));
        } finally {
          await handle.write(bytes, id * 4096, 4096, id * 4096);
        }
      },
    ),
    { ...RUNS, numRuns: 200 },
  );
});
