import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../../src/runtime/limits.ts';
import { type MemberTable, MemberTableReader, memberBlocks } from '../../../../src/snapshot/key-index/member-table.ts';

const KiB = 1024;

function tableOf(memberSize: number, lengths: readonly number[], contentSize: number): MemberTable {
  const reader = new MemberTableReader();
  for (const block of memberBlocks(memberSize, lengths)) {
    reader.add(block.slice());
  }
  return reader.table({ objectSize: lengths.reduce((sum, length) => sum + length, 0), contentSize });
}

test('a table says where members begin, also those that do not shrink', () => {
  const { memberSize, offsets } = tableOf(512 * KiB, [100, 513 * KiB, 70], 1_100 * KiB);
  assert.equal(memberSize, 512 * KiB);
  assert.deepEqual(offsets, [0, 100, 100 + 513 * KiB, 170 + 513 * KiB]);
});

test('members that are larger than may be held in memory are no table', () => {
  const { most } = limits.indexedMember;
  assert.equal(tableOf(most, [100], most).memberSize, most);
  assert.throws(() => tableOf(most + 1, [100], most + 1), RangeError);
  assert.throws(() => tableOf(2 ** 40, [100], 2 ** 40), RangeError);
  // As one member would be read at once, however little it holds.
  assert.throws(() => tableOf(512 * KiB, [600 * KiB], 512 * KiB), RangeError);
});
