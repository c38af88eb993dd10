import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberExpander } from '../../../src/objects/member-expander.ts';
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
      const begun = await expander.expandStart(member.subarray(0, length), upTo);
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
      const begun = await expander.expandStart(changed, upTo);
      damaged += begun.outcome === 'expanded' ? 0 : 1;
      assert.ok(begun.outcome !== 'expanded' || begun.contents.equals(contents.subarray(0, END)), `byte ${at}`);
    }
    assert.ok(damaged > 5, 'much of it is needed');
    using expander = memberExpander(compression);
    const other = { ...upTo, checksum: upTo.checksum ^ 1 };
    assert.equal((await expander.expandStart(half, other)).outcome, 'damaged');
  });
}

test('what expands to more than any member is refused', async () => {
  const bomb = Buffer.concat(await Array.fromAsync(gzipMembers(once(Buffer.alloc(8 * SIZE)), { blockSize: 8 * SIZE })));
  using expander = memberExpander('gzip');
  assert.equal((await expander.expandStart(bomb, upTo)).outcome, 'damaged');
});
