import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { decodeObject } from '../../../../src/kube/objects/decode-object.ts';
import { readStoredValue } from '../../../../src/kube/objects/stored-object.ts';
import { randomWalkLength } from '../../../support/fixtures/random-walk-length.ts';
import { withoutNulls } from '../../../support/kube/without-nulls.ts';

/** Kinds that are in use everywhere; the others with `make test-walks`. */
const tried = randomWalkLength({ usual: 1, long: 2 }) === 2 ? /./ : /^(?:v1|[^/]+\/v1)$/;

/** Each kind with something in all of its fields, and with all that may be empty: as Kubernetes stores it, and its JSON. */
const samples = JSON.parse(
  gunzipSync(readFileSync(new URL('../../../fixtures/kubernetes/samples.json.gz', import.meta.url))).toString(),
) as readonly { readonly kind: string; readonly protobuf: string; readonly object: Record<string, unknown> }[];

describe('objects of Kubernetes in protobuf', () => {
  it('have the fields that Kubernetes itself gives them in JSON', () => {
    assert.equal(samples.length > 300, true);
    for (const { kind, protobuf, object } of samples.filter((each) => tried.test(String(each.object['apiVersion'])))) {
      const stored = readStoredValue(Buffer.from(protobuf, 'base64'));
      assert.ok(stored.kind === 'object', kind);
      const decoded = decodeObject(stored);
      assert.equal(decoded?.unknownFields, 0, kind);
      assert.deepEqual(withoutNulls(decoded?.object), withoutNulls(object), `${String(object['apiVersion'])} ${kind}`);
    }
  });

  it('are taken apart without a fault when they are damaged', () => {
    const ingress = samples.find(({ kind }) => kind === 'Ingress');
    const sound = Buffer.from(ingress?.protobuf ?? '', 'base64');
    let undecoded = 0;
    for (let at = 0; at < sound.length; at += Math.ceil(sound.length / 100)) {
      for (const value of [sound.subarray(0, at), flipped(sound, at)]) {
        const stored = readStoredValue(value);
        undecoded += stored.kind === 'object' && decodeObject(stored) !== undefined ? 0 : 1;
      }
    }
    assert.ok(undecoded > 30, String(undecoded));
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}
