import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { CHECK_INTERVAL, checksOf, type WrittenMember } from '../../../../src/snapshot/compression/written-member.ts';
import { type CheckTable, CheckTableReader, checkBlocks } from '../../../../src/snapshot/key-index/check-table.ts';
import type { MemberTable } from '../../../../src/snapshot/key-index/member-table.ts';

const MEMBER = 4 * CHECK_INTERVAL;

/** Members that hold so many bytes of the same contents each, and are as long as these say. */
function members(sizes: readonly (readonly [contents: number, length: number])[]): readonly WrittenMember[] {
  return sizes.map(([size, length]) => ({ length, checks: checksOf(contents.subarray(0, size)) }));
}

const contents = Buffer.from(Array.from({ length: MEMBER }, (_, at) => (at * 7 + (at >> 8)) & 0xff));

function offsetsOf(written: readonly WrittenMember[]): MemberTable {
  const offsets = [0];
  for (const { length } of written) {
    offsets.push((offsets.at(-1) ?? 0) + length);
  }
  return { memberSize: MEMBER, offsets };
}

function tableOf(written: readonly WrittenMember[], contentSize: number): CheckTable | undefined {
  const reader = new CheckTableReader();
  for (const block of checkBlocks(written)) {
    reader.add(block.slice());
  }
  return reader.table(offsetsOf(written), contentSize);
}

test('the contents of a member are checked at the next border after what is wanted, and by the member where there is none', () => {
  const written = members([
    [MEMBER, 40_000],
    [MEMBER, 16_383],
    [MEMBER, 16_384],
    [CHECK_INTERVAL + 1, 20_000],
  ]);
  const table = tableOf(written, 3 * MEMBER + CHECK_INTERVAL + 1);
  assert.ok(table !== undefined);
  const expected = (end: number): object => ({ end, checksum: crc32(contents.subarray(0, end)) });
  for (const member of [0, 2]) {
    for (const [end, border] of [
      [1, CHECK_INTERVAL],
      [CHECK_INTERVAL, CHECK_INTERVAL],
      [CHECK_INTERVAL + 1, 2 * CHECK_INTERVAL],
      [3 * CHECK_INTERVAL, 3 * CHECK_INTERVAL],
    ] as const) {
      assert.deepEqual(table.covering(member, end), expected(border), `${member}: ${end}`);
    }
    assert.equal(table.covering(member, 3 * CHECK_INTERVAL + 1), undefined);
    assert.equal(table.covering(member, MEMBER + 1), undefined, 'it goes on in the next one');
  }
  assert.equal(table.covering(1, 1), undefined, 'a short member is read as a whole');
  assert.deepEqual(table.covering(3, 5), expected(CHECK_INTERVAL));
  assert.equal(table.covering(3, CHECK_INTERVAL + 1), undefined);
  assert.equal(table.covering(4, 1), undefined);
});

test('many members have several blocks', () => {
  const [one] = members([[MEMBER, 20_000]]);
  const written = Array.from({ length: 6_000 }, () => one ?? assert.fail('there is one'));
  const blocks = Array.from(checkBlocks(written), (block) => block.slice());
  assert.ok(blocks.length > 1 && blocks.every(({ length }) => length <= 64_000));
  const table = tableOf(written, 6_000 * MEMBER);
  const checksum = crc32(contents.subarray(0, 2 * CHECK_INTERVAL));
  assert.deepEqual(table?.covering(5_999, CHECK_INTERVAL + 1), { end: 2 * CHECK_INTERVAL, checksum });
});

test('what does not fit the members is refused, and where there is nothing there is no table', () => {
  const written = members([[MEMBER, 40_000]]);
  assert.equal(tableOf(members([[MEMBER, 5]]), MEMBER), undefined);
  assert.equal(new CheckTableReader().table(offsetsOf(written), MEMBER), undefined);
  assert.throws(() => tableOf(written, CHECK_INTERVAL), RangeError);
  const [block = Buffer.alloc(0)] = Array.from(checkBlocks(written), (each) => each.slice());
  for (let end = 0; end < block.length; end++) {
    const reader = new CheckTableReader();
    const taken = (): unknown => {
      reader.add(block.subarray(0, end));
      return reader.table(offsetsOf(written), MEMBER);
    };
    assert.throws(taken, RangeError, `${end} bytes`);
  }
  const reader = new CheckTableReader();
  reader.add(block);
  assert.throws(() => reader.add(Buffer.of(1, 0, 0, 0, 0)), RangeError, 'another distance');
  assert.throws(() => new CheckTableReader().add(Buffer.of(0)), RangeError);
});
