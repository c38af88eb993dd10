import assert from 'node:assert/strict';
import { fc } from './seeded-properties.ts';

/** Runs a parser, which may refuse the bytes with an error of the expected kind; any other one is a fault of the parser. */
export function assertReadOrRefused(parse: () => unknown, expected: new (...parameters: never[]) => Error): void {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof expected, error instanceof Error ? error.stack : String(error));
  }
}

/** Protobuf messages whose field numbers and wire types may not fit what a parser expects. */
export const arbitraryMessage = fc
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

/** Such messages, and any other bytes. */
export const arbitraryBytes = fc.oneof(arbitraryMessage, fc.uint8Array({ maxLength: 200 }));
