import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeObject } from '../../../../src/kube/objects/decode-object.ts';
import { isIn, placeOf } from '../../../../src/kube/objects/object-place.ts';
import { pluralOf } from '../../../../src/kube/objects/plural.ts';
import { readStoredValue } from '../../../../src/kube/objects/stored-object.ts';
import { ProtobufWriter } from '../../../../src/protobuf/writer.ts';

function envelope(apiVersion: string, kind: string, message: Uint8Array): Buffer {
  const type = new ProtobufWriter().bytes(1, Buffer.from(apiVersion)).bytes(2, Buffer.from(kind)).finish();
  return Buffer.concat([Buffer.from('k8s\0'), new ProtobufWriter().bytes(1, type).bytes(2, message).finish()]);
}

describe('stored values', () => {
  it('of kinds that are not known have their names, and are not decoded', () => {
    const meta = new ProtobufWriter().bytes(1, Buffer.from('one')).bytes(3, Buffer.from('shop')).finish();
    const stored = readStoredValue(envelope('new.k8s.io/v9', 'Thing', new ProtobufWriter().bytes(1, meta).finish()));
    assert.ok(stored.kind === 'object');
    assert.deepEqual(
      [stored.apiVersion, stored.objectKind, stored.namespace, stored.name],
      ['new.k8s.io/v9', 'Thing', 'shop', 'one'],
    );
    assert.equal(decodeObject(stored), undefined);
    assert.equal(decodeObject({ ...stored, apiVersion: '', objectKind: 'constructor' }), undefined);
  });

  it('with fields of a later release are decoded without these, which are counted', () => {
    const message = new ProtobufWriter().bytes(2, Buffer.alloc(0)).varint(9_000, 1).finish();
    const stored = readStoredValue(envelope('v1', 'ConfigMap', message));
    assert.ok(stored.kind === 'object');
    assert.equal(decodeObject(stored)?.unknownFields, 1);
  });

  it('with names that objects of JavaScript have are decoded as they are', () => {
    const entry = new ProtobufWriter().bytes(1, Buffer.from('__proto__')).bytes(2, Buffer.from('x')).finish();
    const stored = readStoredValue(envelope('v1', 'ConfigMap', new ProtobufWriter().bytes(2, entry).finish()));
    assert.ok(stored.kind === 'object');
    assert.equal(JSON.stringify(decodeObject(stored)?.object['data']), '{"__proto__":"x"}');
  });

  it('that are JSON are objects where they say so, and as deep as objects are', () => {
    const owner = { uid: 'u2', controller: true };
    const json = { apiVersion: 'g.io/v1', kind: 'W', metadata: { name: 'n', uid: 'u1', ownerReferences: [owner] } };
    const stored = readStoredValue(Buffer.from(JSON.stringify(json)));
    assert.ok(stored.kind === 'object');
    assert.deepEqual([stored.uid, stored.owners, stored.controller], ['u1', ['u2'], 'u2']);
    assert.deepEqual(decodeObject(stored)?.object, json);
    const deep = `{"apiVersion":"v1","kind":"K","a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`;
    for (const text of ['{', '{"kind":"K"}', '{"apiVersion":1,"kind":"K"}', '[]', 'text', '', deep]) {
      assert.equal(readStoredValue(Buffer.from(text)).kind, 'other', text.slice(0, 40));
    }
  });

  it('that are being deleted are known as such', () => {
    const time = new ProtobufWriter().varint(1, 1_764_201_600).finish();
    const meta = new ProtobufWriter().bytes(1, Buffer.from('n')).bytes(9, time).finish();
    const message = new ProtobufWriter().bytes(1, meta).finish();
    const json = { apiVersion: 'g.io/v1', kind: 'W', metadata: { deletionTimestamp: '2026-11-27T12:00:00Z' } };
    for (const value of [envelope('v1', 'Namespace', message), Buffer.from(JSON.stringify(json))]) {
      const stored = readStoredValue(value);
      assert.ok(stored.kind === 'object' && stored.isBeingDeleted);
    }
    const living = readStoredValue(envelope('v1', 'Namespace', new ProtobufWriter().finish()));
    assert.ok(living.kind === 'object' && !living.isBeingDeleted);
  });

  it('that are encrypted name the provider and its key', () => {
    for (const [text, provider, keyName] of [
      ['k8s:enc:aescbc:v1:key1:\x00', 'aescbc v1', 'key1'],
      ['k8s:enc:secretbox:v1:a-key:x', 'secretbox v1', 'a-key'],
      ['k8s:enc:kms:v2:name.of-plugin:x', 'kms v2', 'name.of-plugin'],
    ] as const) {
      assert.deepEqual(readStoredValue(Buffer.from(text)), { kind: 'encrypted', provider, keyName });
    }
    for (const text of ['k8s:enc:', 'k8s:enc:aescbc:v1:key1', `k8s:enc:${'x'.repeat(5_000)}`]) {
      assert.equal(readStoredValue(Buffer.from(text)).kind, 'damaged', text.slice(0, 40));
    }
  });

  it('that nothing is known of are placed by their keys', () => {
    const encrypted = readStoredValue(Buffer.from('k8s:enc:aescbc:v1:key1:x'));
    for (const [key, kind, namespace, name] of [
      ['/registry/secrets/shop/login', 'secrets', 'shop', 'login'],
      ['/registry/services/specs/shop/web', 'services', 'shop', 'web'],
      ['/registry/nodes/one', 'nodes', '', 'one'],
      ['/registry/stable.io/widgets/shop/w', 'widgets', 'shop', 'w'],
      ['/registry/stable.io/widgets/w', 'widgets', '', 'w'],
      ['/registry/namespaces/shop', 'namespaces', '', 'shop'],
      ['/clusters/one/registry/secrets/shop/login', 'secrets', 'shop', 'login'],
      ['/clusters/one/registry/namespaces/shop', 'namespaces', '', 'shop'],
      ['/kubernetes.io/secrets/shop/login', 'secrets', 'shop', 'login'],
      ['plain', '', '', 'plain'],
    ] as const) {
      const place = placeOf(Buffer.from(key), encrypted);
      assert.deepEqual([place.kind, place.namespace, place.name], [kind, namespace, name], key);
      assert.equal(isIn('shop', place), key.includes('shop'), key);
    }
  });
});

it('kinds have the plurals of their resources', () => {
  assert.deepEqual(
    ['Deployment', 'Ingress', 'NetworkPolicy', 'Endpoints', 'StorageClass', 'Gateway', 'secrets', 'EndpointSlice'].map(
      pluralOf,
    ),
    [
      'Deployments',
      'Ingresses',
      'NetworkPolicies',
      'Endpoints',
      'StorageClasses',
      'Gateways',
      'secrets',
      'EndpointSlices',
    ],
  );
});
