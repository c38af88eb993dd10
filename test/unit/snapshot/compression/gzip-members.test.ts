import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, gunzipSync, inflateRawSync } from 'node:zlib';
import { gzipMembers, MEMBER_SIZE } from '../../../../src/snapshot/compression/gzip-members.ts';
import type { WrittenMember } from '../../../../src/snapshot/compression/written-member.ts';
import { collected, inPieces, podNames } from '../../../support/fixtures/byte-streams.ts';
import { alikeFarOff, halfNoise } from '../../../support/fixtures/half-noise.ts';

const TEXT = podNames();

test('gzip members are in order, and any gzip reader reads them as one', async () => {
  const packed = await collected(gzipMembers(inPieces(TEXT, 7001), { blockSize: 10_000, inFlight: 3 }));
  assert.ok(TEXT.equals(gunzipSync(packed)));
  const magic = Buffer.from([0x1f, 0x8b, 8, 4]);
  let members = 0;
  for (let at = packed.indexOf(magic); at >= 0; at = packed.indexOf(magic, at + 1)) {
    members += 1;
  }
  assert.ok(members >= Math.ceil(TEXT.length / 10_000));
});

test('a reader that stops early causes no failure', async () => {
  for await (const _ of gzipMembers(inPieces(TEXT, 5000), { blockSize: 5000, inFlight: 4 })) {
    break;
  }
});

test('what follows an access point is expanded without what is before it', async () => {
  const contents = halfNoise(8 * 1024 * 1024);
  const written: WrittenMember[] = [];
  const packed = await collected(gzipMembers(inPieces(contents, 100_000), { onMember: (each) => written.push(each) }));
  assert.ok(contents.equals(gunzipSync(packed)));
  const last = written.at(-1);
  const points = last?.points ?? assert.fail('the last member has access points');
  assert.equal(points.lengths.length, Math.ceil(MEMBER_SIZE / points.distance) - 1);
  let start = packed.length - last.length;
  for (const [at, length] of points.lengths.entries()) {
    start += length;
    const rest = inflateRawSync(packed.subarray(start, -8), { finishFlush: constants.Z_SYNC_FLUSH });
    const before = contents.length - MEMBER_SIZE + (at + 1) * points.distance;
    assert.ok(rest.equals(contents.subarray(before)), `point ${at}`);
  }
  const plain = await collected(gzipMembers(inPieces(contents, 100_000)));
  assert.ok(!plain.equals(packed), 'there are none where nobody is told of them');
  assert.ok(packed.length < plain.length * 1.005, `${packed.length} instead of ${plain.length}`);
});

test('members whose contents are alike over long distances have no access points', async () => {
  const written: WrittenMember[] = [];
  await collected(
    gzipMembers(inPieces(alikeFarOff(8 * 1024 * 1024), 100_000), { onMember: (each) => written.push(each) }),
  );
  assert.equal(written.length, 16);
  assert.ok(written.every(({ points }) => points === undefined));
});
