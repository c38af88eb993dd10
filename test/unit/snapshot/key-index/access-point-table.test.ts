import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessPoints } from '../../../../src/snapshot/compression/access-points.ts';
import type { WrittenMember } from '../../../../src/snapshot/compression/written-member.ts';
import {
  type AccessPointTable,
  AccessPointTableReader,
  accessPointBlocks,
} from '../../../../src/snapshot/key-index/access-point-table.ts';
import type { MemberTable } from '../../../../src/snapshot/key-index/member-table.ts';

const KiB = 1024;
const MEMBER = 512 * KiB;

function member(length: number, points?: AccessPoints): WrittenMember {
  return { length, checks: new Uint32Array(15), points };
}

function membersOf(written: readonly WrittenMember[]): MemberTable {
  const offsets = [0];
  for (const { length } of written) {
    offsets.push((offsets.at(-1) ?? 0) + length);
  }
  return { memberSize: MEMBER, offsets };
}

function blocksOf(written: readonly WrittenMember[]): readonly Uint8Array[] {
  return Array.from(accessPointBlocks(written), (block) => block.slice());
}

function tableOf(
  blocks: readonly Uint8Array[],
  written: readonly WrittenMember[],
  contentSize = written.length * MEMBER,
): AccessPointTable {
  const reader = new AccessPointTableReader();
  for (const block of blocks) {
    reader.add(block);
  }
  return reader.table(membersOf(written), contentSize);
}

const seven = { distance: 64 * KiB, lengths: [10_020, 9_000, 9_100, 9_200, 9_300, 9_400, 9_500] };

test('a table says where access points are; members without any may be between', () => {
  const one = { distance: 256 * KiB, lengths: [100_000] };
  const two = { distance: 64 * KiB, lengths: [20_000, 21_000] };
  const written = [member(80_000, seven), member(200_000), member(200_000, one), member(60_000, two)];
  const table = tableOf(blocksOf(written), written, 3 * MEMBER + 130 * KiB);
  assert.deepEqual(table, [seven, undefined, one, two]);
});

test('short members, and those with points where there is no checksum, are written without', () => {
  const written = [member(16_383, seven), member(80_000, { ...seven, distance: 64 * KiB + 1 }), member(80_000, seven)];
  assert.deepEqual(tableOf(blocksOf(written), written), [undefined, undefined, seven]);
});

test('where no member has any there is no block', () => {
  const written = [member(16_383, seven), member(80_000)];
  assert.deepEqual(blocksOf(written), []);
  assert.deepEqual(tableOf([], written), []);
});

test('many members have several blocks', () => {
  const written = Array.from({ length: 6_000 }, () => member(80_000, seven));
  const blocks = blocksOf(written);
  assert.ok(blocks.length > 1 && blocks.every(({ length }) => length <= 64_000));
  const table = tableOf(blocks, written);
  assert.equal(table.length, 6_000);
  assert.deepEqual(table.at(-1), seven);
});

test('what does not fit the members is refused', () => {
  const written = [member(80_000, seven), member(80_000, seven)];
  const [block = new Uint8Array(0)] = blocksOf(written);
  for (let end = 0; end < block.length; end++) {
    assert.throws(() => tableOf([block.subarray(0, end)], written), RangeError, `${end} bytes`);
  }
  assert.throws(() => tableOf([block], [...written, member(80_000)]), RangeError, 'one member more');
  assert.throws(() => tableOf([block], written.slice(1)), RangeError, 'one member less');
  assert.throws(() => tableOf([block], [member(65_520), member(80_000)]), RangeError, 'points at the end of a member');
  assert.throws(() => tableOf([block, Uint8Array.of(1)], written), RangeError, 'another unit');
  assert.throws(() => tableOf([Uint8Array.of(0)], written), RangeError);
});
