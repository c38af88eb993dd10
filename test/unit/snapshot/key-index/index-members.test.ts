import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { decompress } from '../../../../src/snapshot/compression.ts';
import type { IndexFraming } from '../../../../src/snapshot/key-index/index-framing.ts';
import {
  footerSize,
  IndexDamage,
  IndexMembers,
  indexBlocks,
  indexFooter,
} from '../../../../src/snapshot/key-index/index-members.ts';
import { changeDatabase } from '../../../support/datadir/change-database.ts';
import { framingOf } from '../../../support/fixtures/index-framing-of.ts';
import { indexedFull } from '../../../support/fixtures/indexed-full.ts';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

/** The blocks of an index that is all of an object; undefined when it has none. */
async function blocksIn(object: Buffer, framing: IndexFraming, pieces = 1000): Promise<readonly string[] | undefined> {
  const footer = indexFooter(object, object.length, framing);
  if (footer === undefined) {
    return undefined;
  }
  const members = object.subarray(object.length - footer.size, object.length - footerSize(framing));
  const blocks: string[] = [];
  for await (const { kind, payload } of indexBlocks(inPieces(members, pieces), footer, framing)) {
    blocks.push(`${kind}: ${Buffer.from(payload).toString()}`);
  }
  return blocks;
}

function smallIndex(framing: IndexFraming): Buffer {
  const members = new IndexMembers(framing);
  const parts = [
    members.block('pages', Buffer.from('one')),
    members.block('pages', Buffer.from('two')),
    members.block('facts', Buffer.from('{}')),
    members.footer({ contentSize: 12 }),
  ];
  return Buffer.concat(parts);
}

for (const compression of ['gzip', 'zstd'] as const) {
  const framing = framingOf(compression);

  test(`${compression}: blocks come back in order, in whatever pieces they are read`, async () => {
    const index = smallIndex(framing);
    for (const size of [1, 50, 51, 10_000]) {
      assert.deepEqual(await blocksIn(index, framing, size), ['pages: one', 'pages: two', 'facts: {}']);
    }
  });

  test(`${compression}: whichever byte of an index changes, none of it is taken`, async () => {
    const index = smallIndex(framing);
    for (let at = 0; at < index.length; at++) {
      for (const bit of [1, 0x80]) {
        const changed = Buffer.from(index);
        changed.writeUInt8(changed.readUInt8(at) ^ bit, at);
        await assert.rejects(blocksIn(changed, framing), IndexDamage, `byte ${at}`);
      }
    }
    await assert.rejects(blocksIn(index.subarray(1), framing), IndexDamage);
    assert.equal(await blocksIn(index.subarray(0, -1), framing), undefined);
    assert.equal(await blocksIn(index.subarray(0, 20), framing), undefined);
  });

  test(`${compression}: blocks of another index are refused`, async () => {
    const one = smallIndex(framing);
    const members = new IndexMembers(framing);
    const other = members.block('pages', Buffer.from('ONE'));
    await assert.rejects(blocksIn(Buffer.concat([other, one.subarray(other.length)]), framing), IndexDamage);
  });
}

for (const [compression, expand] of [
  ['gzip', gunzipSync],
  ['zstd', zstdDecompressSync],
] as const) {
  test(`readers of ${compression} see the contents alone`, async () => {
    const database = await changeDatabase(300);
    const { bytes, indexStart } = await indexedFull(database, compression);
    assert.ok(indexStart < bytes.length);
    const content = expand(bytes);
    assert.ok(content.subarray(0, database.length).equals(database));
    assert.ok(content.equals(expand(bytes.subarray(0, indexStart))));
    const ours: Uint8Array[] = [];
    for await (const piece of decompress(inPieces(bytes, 3000), compression)) {
      ours.push(piece);
    }
    assert.ok(Buffer.concat(ours).equals(content));
  });
}
