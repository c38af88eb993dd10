import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { chooseDeflateLevel } from '../../../../src/snapshot/compression/deflate-effort.ts';
import { gzipMembers } from '../../../../src/snapshot/compression/gzip-members.ts';
import { collected, inPieces, seededBytes } from '../../../support/fixtures/byte-streams.ts';

const MIB = 1024 * 1024;

/** Values half noise, half text: all levels find the same. */
const halfNoise = Buffer.concat(
  Array.from({ length: 2_000 }, (_, at) => [
    seededBytes(512, at),
    Buffer.from(`the quick brown fox ${at} jumps over a lazy dog while pods restart and leases expire`.repeat(6)),
  ]).flat(),
);

/** Objects as Kubernetes writes them: much to be found by those who search. */
const objects = Buffer.from(
  Array.from({ length: 3_000 }, (_, at) =>
    JSON.stringify({
      kind: 'Pod',
      metadata: {
        name: `web-${(at * 7919) % 10_007}`,
        uid: seededBytes(16, at).toString('hex'),
        labels: { app: 'web' },
      },
      spec: { nodeName: `node-${at % 300}`, containers: [{ name: 'web', image: `registry.example/web:v${at % 50}` }] },
      status: { phase: 'Running', podIP: `10.${at % 255}.${(at * 31) % 255}.${(at * 17) % 255}` },
    }),
  ).join(''),
);

test('what all levels compress alike is compressed at the fastest', async () => {
  assert.equal(await chooseDeflateLevel(halfNoise), 3);
});

test('where searching pays, the level is high enough to come within 3 % of the usual one', async () => {
  assert.ok((await chooseDeflateLevel(objects)) > 3);
});

test('noise is stored as it is', async () => {
  assert.equal(await chooseDeflateLevel(seededBytes(MIB, 1)), 0);
  const packed = await collected(gzipMembers(inPieces(seededBytes(3 * MIB, 2), 100_000)));
  assert.ok(packed.length < 3 * MIB + 2_000);
  assert.ok(seededBytes(3 * MIB, 2).equals(gunzipSync(packed)));
});

test('nothing and a byte have a level', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('x')]) {
    await chooseDeflateLevel(bytes);
    assert.ok(bytes.equals(gunzipSync(await collected(gzipMembers(inPieces(bytes, 1))))));
  }
});

for (const [what, bytes] of [
  ['half noise', halfNoise],
  ['objects', objects],
] as const) {
  test(`members of ${what} are at most 5 % larger than gzip -6 of the whole`, async () => {
    const packed = await collected(gzipMembers(inPieces(bytes, 32_768)));
    assert.ok(packed.length <= gzipSync(bytes, { level: 6 }).length * 1.05, `${packed.length}`);
    assert.ok(bytes.equals(gunzipSync(packed)));
  });
}
