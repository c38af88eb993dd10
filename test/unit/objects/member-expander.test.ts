import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberExpander } from '../../../src/objects/member-expander.ts';
import { GzipMemberEncoder } from '../../../src/snapshot/compression/gzip-member-encoder.ts';
import { gzipMembers } from '../../../src/snapshot/compression/gzip-members.ts';
import { CHECK_INTERVAL, checksOf } from '../../../src/snapshot/compression/written-member.ts';
import { zstdFrames } from '../../../src/snapshot/compression/zstd-frames.ts';
import { seededBytes } from '../../support/fixtures/byte-streams.ts';

const SIZE = 512 * 1024;
/** Half of it shrinks. */
const contents = Buffer.concat(
  Array.from({ length: SIZE / 2_048 }, (_, at) => [seededBytes(1_024, at), Buffer.alloc(1_024, at)]).flat(),
);
const END = 5 * CHECK_INTERVAL;
const upTo = { end: END, checksum: checksOf(contents)[4] ?? 0 };

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

for (const [compression, members] of [
  ['gzip', gzipMembers],
  ['zstd', zstdFrames],
] as const) {
  const member = Buffer.concat(await Array.fromAsync(members(once(contents))));

  test(`${compression}: a part of a member gives what is proved, or is too short; one expander does many`, async () => {
    using expander = memberExpander(compression);
    const half = Math.ceil(member.length / 2);
    for (const [length, outcome] of [
      [half, 'expanded'],
      [Math.floor(member.length / 8), 'too short'],
      [10, 'too short'],
      [0, 'too short'],
      [member.length, 'expanded'],
      [half, 'expanded'],
    ] as const) {
      const begun = await expander.expandStart(member.subarray(0, length), { from: undefined, upTo, after: 1 });
      assert.equal(begun.outcome, outcome, `${length} of ${member.length}`);
      assert.ok(begun.outcome !== 'expanded' || begun.contents.equals(contents.subarray(0, END)));
      const whole = await expander.expand(member, SIZE);
      assert.ok(whole !== undefined && Buffer.concat(whole).equals(contents));
    }
  });

  test(`${compression}: whatever is changed in a part of a member, no other contents come of it`, async () => {
    const half = member.subarray(0, Math.ceil(member.length / 2));
    let damaged = 0;
    for (let at = 0; at < half.length; at += 4_001) {
      using expander = memberExpander(compression);
      const changed = Buffer.from(half);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << (at % 8)), at);
      const begun = await expander.expandStart(changed, { from: undefined, upTo, after: 1 });
      damaged += begun.outcome === 'expanded' ? 0 : 1;
      assert.ok(begun.outcome !== 'expanded' || begun.contents.equals(contents.subarray(0, END)), `byte ${at}`);
    }
    assert.ok(damaged > 5, 'much of it is needed');
    using expander = memberExpander(compression);
    const other = { ...upTo, checksum: upTo.checksum ^ 1 };
    assert.equal((await expander.expandStart(half, { from: undefined, upTo: other, after: 1 })).outcome, 'damaged');
  });
}

/** A member with an access point after 256 KiB, and where that is. */
const withPoint = await pointed();
const point = { end: SIZE / 2, checksum: checksOf(contents)[7] ?? 0 };
const afterPoint = contents.subarray(point.end);

async function pointed(): Promise<{ readonly member: Buffer; readonly at: number }> {
  using encoder = new GzipMemberEncoder(SIZE);
  encoder.block.set(contents);
  const { pieces, flushedAt } = await encoder.member(SIZE, { level: 3, flushEach: SIZE / 2 });
  return { member: Buffer.concat(pieces), at: flushedAt[0] ?? assert.fail('it was flushed') };
}

test('what follows an access point is proved by what is before it', async () => {
  const { member, at } = withPoint;
  const check = { end: point.end + 2 * CHECK_INTERVAL, checksum: checksOf(contents)[9] ?? 0 };
  using expander = memberExpander('gzip');
  const read = async (end: number): Promise<string | Buffer> => {
    const after = member.length - end;
    const begun = await expander.expandStart(member.subarray(at, end), { from: point, upTo: check, after });
    return begun.outcome === 'expanded' ? begun.contents : begun.outcome;
  };
  for (const end of [
    member.length,
    member.length - 3,
    member.length - 8,
    at + Math.ceil(((member.length - at) * 2) / 7),
  ]) {
    assert.deepEqual(await read(end), afterPoint.subarray(0, 2 * CHECK_INTERVAL));
    assert.equal(await read(at + 20_000), 'too short');
  }
  const begun = await expander.expandStart(member.subarray(at, -8), {
    from: { ...point, checksum: point.checksum ^ 1 },
    upTo: check,
    after: 8,
  });
  assert.equal(begun.outcome, 'damaged', 'it follows something else');
});

test('the end of a member is proved by its own checksum, and whatever is changed there, no other contents come of it', async () => {
  const { member, at } = withPoint;
  const end = member.subarray(at);
  using expander = memberExpander('gzip');
  const part = { from: point, size: SIZE };
  for (let time = 0; time < 2; time++) {
    const expanded = await expander.expandEnd(end, part);
    assert.ok(expanded.outcome === 'expanded' && expanded.contents.equals(afterPoint));
  }
  assert.equal((await expander.expandEnd(end, { ...part, size: SIZE + 1 })).outcome, 'damaged');
  assert.equal((await expander.expandEnd(end.subarray(0, 7), part)).outcome, 'damaged');
  const places = [0, 1, 5_000, end.length - 9, ...Array.from({ length: 8 }, (_, from) => end.length - 8 + from)];
  for (const place of places) {
    using other = memberExpander('gzip');
    const changed = Buffer.from(end);
    changed.writeUInt8(changed.readUInt8(place) ^ (1 << (place % 8)), place);
    const expanded = await other.expandEnd(changed, part);
    // The last bits before the checksum mean nothing.
    const isSame = expanded.outcome === 'expanded' && expanded.contents.equals(afterPoint);
    assert.equal(isSame, place === end.length - 9, `byte ${place} of ${end.length}`);
    assert.ok(isSame || expanded.outcome === 'damaged');
  }
});

test('what expands to more than any member is refused', async () => {
  const bomb = Buffer.concat(await Array.fromAsync(gzipMembers(once(Buffer.alloc(8 * SIZE)), { blockSize: 8 * SIZE })));
  using expander = memberExpander('gzip');
  assert.equal((await expander.expandStart(bomb, { from: undefined, upTo, after: 1 })).outcome, 'damaged');
});
