import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { gzipMembers } from '../../../../src/snapshot/compression/gzip-members.ts';
import { collected, inPieces, podNames } from '../../../support/fixtures/byte-streams.ts';

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
